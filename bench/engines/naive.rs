//! A naive program: for each message a transaction, a confirm, and an
//! acknowledgement, and then the next message.

use anyhow::Context;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;
use waybill::broker;
use waybill::broker::{Acker, Consumer, Delivery, Next, Outgoing, Publisher, topology};
use waybill::config::Settings;
use waybill::domain::ProcessKey;

use super::Starter;

const PREFETCH: u16 = 10;

const UPSERT: &str = "insert into waybill.process (key, tenant, token, kind)
    values ($1, 'default', $2, 'upload') on conflict (key) do nothing";
const INSERT: &str =
    "insert into waybill.event (process, source, id, type, time, sequence, late, pos, data)
    values ($1, $2, $3, $4, $5, $6, false, 1, $7) on conflict do nothing";
const UPDATE: &str = "update waybill.process set
    opened_at = coalesce($2::timestamptz, opened_at),
    opening_stamp = case when $2::timestamptz is null then opening_stamp else '-' end,
    progress_done = greatest(progress_done, $3), total = coalesce($4::bigint, total),
    total_stamp = case when $4::bigint is null then total_stamp else '-' end,
    items = items + $5, items_failed = items_failed + $6,
    status = case when $7::boolean then case when items_failed > 0 then 'warning' else 'done' end else 'running' end,
    ended_at = case when $7 then now() end, sealed_at = case when $7 then now() end
    where key = $1 returning status, greatest(progress_done, items), total, items_failed";

struct Naive {
    client: Client,
    upsert: Statement,
    insert: Statement,
    update: Statement,
    publisher: Publisher,
    acker: Acker,
}

pub(super) async fn run(settings: &Settings, mut starter: Starter) -> anyhow::Result<()> {
    starter.ready().await?;
    let url = settings.database.url.expose_secret();
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let connection = broker::connect(&settings.broker, "bench naive").await?;
    let mut consumer = Consumer::open(&connection, &topology::events_queue(0), PREFETCH).await?;
    let publishing = broker::connect(&settings.broker, "bench naive publish").await?;
    let mut naive = Naive {
        upsert: client.prepare(UPSERT).await?,
        insert: client.prepare(INSERT).await?,
        update: client.prepare(UPDATE).await?,
        client,
        publisher: Publisher::open(&publishing, settings.broker.confirm_timeout).await?,
        acker: consumer.acker(),
    };
    let working = async {
        loop {
            let Next::Delivery(delivery) = consumer.next().await else {
                anyhow::bail!("the subscription ended");
            };
            naive.handle(*delivery).await?;
        }
    };
    tokio::select! {
        ended = working => ended,
        ended = starter.wait_for_end() => ended,
    }
}

impl Naive {
    async fn handle(&mut self, delivery: Delivery) -> anyhow::Result<()> {
        let event: Value = serde_json::from_slice(&delivery.body)?;
        if let Some(completion) = self.store(&event).await? {
            self.publisher.publish_all(&[completion]).await?;
        }
        self.acker.ack_through(delivery.tag).await?;
        Ok(())
    }

    /// One transaction; returns the completion if the event ended its process.
    async fn store(&mut self, event: &Value) -> anyhow::Result<Option<Outgoing>> {
        let (token, type_) = (text(event, "token")?, text(event, "type")?);
        let (source, id) = (text(event, "source")?, text(event, "id")?);
        let time: Timestamp = text(event, "time")?.parse()?;
        let sequence = event.get("sequence").and_then(Value::as_i64);
        let data = event.get("data").context("data")?;
        let data_text = data.to_string();
        let key = ProcessKey::of("default", token).0;
        let transaction = self.client.transaction().await?;
        transaction.execute(&self.upsert, &[&key, &token]).await?;
        let new = transaction
            .execute(
                &self.insert,
                &[&key, &source, &id, &type_, &time, &sequence, &data_text],
            )
            .await?;
        let mut completion = None;
        if new > 0 {
            let opened = (type_ == "upload.received").then_some(time);
            let ends = type_ == "upload.completed";
            let number = |name: &str| data.get(name).and_then(Value::as_i64);
            let (done, total) = (number("done").unwrap_or(0), number("total"));
            let (items, failed) = items(data)?;
            let row = transaction
                .query_one(
                    &self.update,
                    &[&key, &opened, &done, &total, &items, &failed, &ends],
                )
                .await?;
            completion = ends.then(|| completion_message(key, token, &row));
        }
        transaction.commit().await?;
        Ok(completion)
    }
}

/// How many items an event reports, and how many of them failed.
fn items(data: &Value) -> anyhow::Result<(i64, i64)> {
    let items = data
        .get("items")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let failed = items
        .iter()
        .filter(|item| item.get("ok") == Some(&Value::Bool(false)));
    Ok((i64::try_from(items.len())?, i64::try_from(failed.count())?))
}

fn completion_message(key: Uuid, token: &str, row: &tokio_postgres::Row) -> Outgoing {
    let status: &str = row.get(0);
    let (done, total, failed): (i64, Option<i64>, i64) = (row.get(1), row.get(2), row.get(3));
    let progress = serde_json::json!({ "done": done, "total": total, "failed": failed });
    let body = serde_json::json!({ "token": token, "status": status, "progress": progress });
    let key = key.to_string();
    let routing_key = format!("upload.{status}");
    let mut message = Outgoing::new(
        topology::COMPLETIONS_EXCHANGE,
        &routing_key,
        &key,
        body.to_string().into_bytes(),
    );
    message.properties.correlation_id = Some(token.to_owned());
    message
}

fn text<'a>(event: &'a Value, name: &'static str) -> anyhow::Result<&'a str> {
    event.get(name).and_then(Value::as_str).context(name)
}
