-- The settings of a new connection: whether its startup parameters arrived, whether a commit waits
-- for the disk, and its isolation level.
select current_setting('waybill.session', true), current_setting('synchronous_commit'),
       current_setting('default_transaction_isolation')
