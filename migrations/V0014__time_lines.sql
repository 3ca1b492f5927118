-- Why: a promoted replica or a point-in-time recovery keeps the system identifier, continues on
-- another time line, and may be missing the last transactions. Places in the log must stay in order
-- there, and cursors of lost events must be recognised.

alter table waybill.epoch
    -- of the server's write-ahead log; unknown for epochs that ended before this column was there
    add column timeline    integer,
    -- the newest place in the log when this epoch began: where the ones before it ended
    add column after_epoch smallint,
    add column after_tx    xid8,
    add column after_pos   integer;

-- The newest epoch continues if this is still its server; otherwise the next one begins.
update waybill.epoch e
set timeline = ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
from pg_control_system() c
where e.number = (select max(number) from waybill.epoch)
  and e.system_identifier = c.system_identifier;

-- A reader without a tenant needs the greatest of them.
create index tenant_horizon_place on waybill.tenant_horizon (epoch, tx, pos);

-- Every role that may log events must be able to begin an epoch.
do $$
declare
    writer text;
begin
    for writer in
        select a.grantee::regrole
        from pg_class c, aclexplode(c.relacl) a
        where c.oid = 'waybill.event'::regclass
          and a.privilege_type = 'INSERT' and a.grantee not in (0, c.relowner)
    loop
        execute format('grant insert on waybill.epoch to %s', writer);
    end loop;
end
$$;
