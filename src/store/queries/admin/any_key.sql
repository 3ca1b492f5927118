-- Whether a key was ever created: revoked and expired ones count, so that revoking the last one
-- does not grant access without a key.
select exists (select from waybill.api_key)
