//! The stops of a run's orders: their workflow, and their invariants at the end. Uploads need no
//! preparation and no check.

use waybill::domain::Kind;
use waybill::store::Store;

use crate::audience::Audience;
use crate::check::{count, empty, expect};
use crate::ground::Field;
use crate::workload::{Workload, order};

/// The orders of a run, and the consumer of their announced stops.
pub(crate) struct Stops(Option<Listening>);

struct Listening {
    stops: usize,
    audience: Audience,
}

impl Stops {
    /// Applies the workflow of the orders.
    pub(crate) async fn prepare(field: &Field, workload: Workload) -> anyhow::Result<Self> {
        if workload.kind != Kind::Order {
            return Ok(Self(None));
        }
        let store = Store::new(&field.settings.database)?;
        store.apply_workflows(&[order::WORKFLOW]).await?;
        Ok(Self(Some(Listening {
            stops: workload.processes as usize * order::STAGES.len(),
            audience: Audience::of_stages(&field.settings.broker).await?,
        })))
    }

    /// Waits until every stop has been announced.
    pub(crate) async fn announced(&mut self) -> anyhow::Result<()> {
        match &mut self.0 {
            Some(listening) => listening.audience.wait_for(listening.stops).await,
            None => Ok(()),
        }
    }

    /// Every broken invariant as text. The workers have ended by now.
    pub(crate) async fn broken(&self, field: &Field) -> anyhow::Result<Vec<String>> {
        let mut broken = Vec::new();
        let Some(Listening { stops, audience }) = &self.0 else {
            return Ok(broken);
        };
        let all = *stops;
        let stages = order::STAGES.map(|stage| format!("'{stage}'")).join(", ");
        let entered = format!("waybill.stage where number = 1 and stage in ({stages})");
        for (what, rows) in [("stops", "waybill.stage"), ("first stops", &entered)] {
            expect(&mut broken, what, count(field, rows).await?, all);
        }
        empty(field, "waybill.stage where left_at is null", &mut broken).await?;
        empty(field, "waybill.parked", &mut broken).await?;
        let announced = audience.received();
        expect(&mut broken, "stops announced", announced.len(), all);
        let copies = announced.values().filter(|received| received.copies != 1);
        let copies = copies.count();
        expect(&mut broken, "stops announced more than once", copies, 0);
        Ok(broken)
    }
}
