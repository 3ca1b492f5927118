-- Whether a key was ever made: revoked and expired ones count, so that revoking the last one does
-- not open the doors.
select exists (select from waybill.api_key)
