-- Whether anybody at all may come in: is there a key that was not revoked?
select exists (select from waybill.api_key k where k.revoked_at is null)
