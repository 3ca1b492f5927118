//! The metrics of clients' requests: one series per documented route, none that a client invents.

use crate::support::client::ROLES;
use crate::support::ground::Ground;
use crate::support::openapi_document::Described;

const REQUESTS: &str = "waybill_http_requests_total";
const COUNTED: &str = "waybill_http_request_duration_seconds_count";

#[test]
fn requests_are_counted_by_route_and_status_and_clients_create_no_series() {
    Ground::test("measured", async |ground| {
        let moved = ["dialects.ahgora=/ponto", "dialects.diadoc=off"];
        let (worker, client) = ground.answering_with(ROLES, &moved).await;
        let before = worker.scrape().await.expect("metrics");
        assert_eq!(before.sum(REQUESTS, ""), 0);
        let series = |text: &str| {
            let lines = text.lines().filter(|line| line.starts_with(REQUESTS));
            lines.count()
        };
        let described = Described::by(&client).await;
        let paths = described.0["paths"].as_object().expect("paths");
        for path in paths.keys() {
            let series = format!("{REQUESTS}{{route=\"{path}\",status=\"2xx\"}}");
            assert!(before.text().contains(&series), "{series}");
        }
        // Four dialects, the monitor, and all other paths.
        assert_eq!(series(before.text()), (paths.len() + 6) * 4);

        client.get("/v1/processes").await.record();
        client.get("/v1/processes/unknown").await;
        client.get("/v1/processes/unknown-too").await;
        client.request("DELETE", "/v1/uploads").await;
        client.post("/ponto/users", "[{}]").await.record();
        client.get("/ponto/process").await;
        client.get("/ponto/made-up").await;
        client.get("/pontoon").await;
        client.get("/diadoc/GetDocflows").await;
        client.get("/v1/%7Bmade%7D/up").await;
        let after = worker.scrape().await.expect("metrics");
        for (route, status, count) in [
            ("/openapi.json", "2xx", 1),
            ("/v1/processes", "2xx", 1),
            ("/v1/processes/{token}", "4xx", 2),
            ("/v1/uploads", "4xx", 1),
            ("ahgora", "2xx", 1),
            ("ahgora", "4xx", 2),
            ("diadoc", "4xx", 0),
            ("other", "4xx", 3),
        ] {
            let labels = format!("route=\"{route}\",status=\"{status}\"");
            assert_eq!(after.sum(REQUESTS, &labels), count, "{labels}");
        }
        assert_eq!(after.sum(REQUESTS, ""), 11);
        assert_eq!(after.sum(COUNTED, ""), 11);
        assert_eq!(series(after.text()), series(before.text()));
        worker.stop().await;
    });
}
