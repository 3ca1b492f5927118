//! Requests health and metrics from a worker's listener, over plain HTTP.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// One answer: status and body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A scrape, one series a line.
#[derive(Debug, Clone)]
pub(crate) struct Scrape(String);

/// Requests a path; `None` without an answer within two seconds.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer {
            status,
            body: body.to_owned(),
        })
    };
    timeout(Duration::from_secs(2), exchange).await.ok()?
}

impl Scrape {
    pub(crate) fn new(body: String) -> Self {
        Self(body)
    }

    /// The sum of all series of a metric whose labels contain `part`.
    pub(crate) fn sum(&self, name: &str, part: &str) -> i64 {
        let series = self.0.lines().filter_map(|line| line.rsplit_once(' '));
        let matching = series.filter(|(series, _)| {
            let (metric, labels) = series.split_once('{').unwrap_or((series, ""));
            metric == name && labels.contains(part)
        });
        let values = matching.map(|(_, value)| value.parse::<f64>().expect("a number"));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "counts of a test are small"
        )]
        let sum = values.sum::<f64>() as i64;
        sum
    }

    /// By how much more was received than is settled or in flight; zero at every instant.
    pub(crate) fn imbalance(&self) -> i64 {
        self.sum("waybill_deliveries_total", "")
            - self.sum("waybill_events_total", "")
            - self.sum("waybill_in_flight", "")
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}
