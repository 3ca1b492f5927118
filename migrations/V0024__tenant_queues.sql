-- Why: the backlog of one tenant must not delay another, so a tenant can have a queue of its own. A former one is
-- kept in mind, as it may still hold events.
alter table waybill.tenant
    add column queue text not null default 'shared' check (queue in ('shared', 'own', 'former'));
