//! More processes than one page reads.

use std::time::Duration;

use waybill::store::admin::deletion::{Deletion, Stopped};
use waybill::store::admin::quarantine::ClaimLimits;

use crate::store::server::Server;

impl Server {
    /// One slice of a retention job.
    pub(crate) async fn delete_expired(&self, retention: Duration, processes: i64) -> u64 {
        let cut = ClaimLimits::of(processes);
        let deletion = Deletion::expired(&self.store, retention, &cut).await;
        deletion
            .unwrap()
            .slice(100_000, &mut Stopped::default())
            .await
            .unwrap()
    }

    /// Adds processes of these numbers: of every five six are `alpha`'s, times are shared by many,
    /// and no two columns repeat together.
    pub(crate) async fn fill(&self, first: u32, last: u32) {
        self.execute(&format!(
            "insert into waybill.process
                 (key, tenant, token, kind, status, opened_at, opening_stamp, source, filename,
                  module, workflow, group_name, items, items_failed, progress_done, ended_at,
                  sealed_at, code, message, created_at)
             select md5(n::text)::uuid, tenant, tenant || '-' || n, kind, status,
                    case when opened then base - n % 1000 * interval '1 minute' end,
                    case when opened then 'stamp' end,
                    case when opened then 's' || n % 3 end,
                    case when kind = 'upload' then
                        (array['Scan_', 'scan-', '100%\\', 'ÄRGER '])[1 + n % 4] || n || '.pdf' end,
                    case when n % 11 > 3 then 'm' || n % 4 end,
                    case when kind = 'order' then (array['purchase', 'hiring'])[1 + n % 2] end,
                    case when n % 4000 = 17 then 'rare' when n % 2 = 0 then 'g' || n % 10 end,
                    n % 5, 0, n % 9,
                    case when ended then base + n * 7 % 500 * interval '1 minute' end,
                    case when ended then base end,
                    case when status = 'error' then 'broken' end, null,
                    base + n / 40 * interval '1 second'
             from (select n, '2026-01-01T00:00:00Z'::timestamptz as base,
                          case when n % 6 = 0 then 'beta' else 'alpha' end as tenant,
                          case when n % 7 < 3 then 'order' else 'upload' end as kind,
                          status, status <> 'waiting' as opened,
                          status not in ('waiting', 'running') as ended
                   from generate_series({first}, {last}) n,
                        lateral (select (array['waiting', 'running', 'done', 'warning', 'error',
                                               'cancelled'])[1 + n / 5 % 6] as status) s) s;
             insert into waybill.stage (process, data_id, stage, number, entered_at, left_at)
             select md5(n::text)::uuid, gen_random_uuid(), stage, 1, now(),
                    case when stage = 'review' then now() end
             from generate_series({first}, {last}) n,
                  unnest(array['review', 'stock', 'buy']) stage
             where n % 7 < 3 and n % 3 = 0;
             analyze waybill.process, waybill.stage"
        ))
        .await;
    }
}
