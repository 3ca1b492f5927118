-- Whether this is a standby, and whether its transactions are read-only.
select pg_is_in_recovery(), current_setting('transaction_read_only')::boolean
