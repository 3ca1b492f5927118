-- What a new connection has for settings: whether those sent at its start arrived, whether a commit
-- waits for the disk, and what its transactions see.
select current_setting('waybill.session', true), current_setting('synchronous_commit'),
       current_setting('default_transaction_isolation')
