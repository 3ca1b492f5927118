//! The listeners over TLS: certificates, their renewal, certificates of clients, and proxies that end
//! TLS before them.

use std::fs;
use std::net::SocketAddr;

use reqwest::{Certificate, Identity};
use waybill::dev::listen_on_free_port;
use waybill::domain::access::Scope;

use super::processes::{key, keyed};
use crate::support::certificates::Certificates;
use crate::support::client::{served_by, served_with};
use crate::support::ground::{Ground, holds};

const LIST: &str = "/v1/processes";
const HOST: &str = "waybill.example";

fn pem(path: &std::path::Path) -> Vec<u8> {
    fs::read(path).expect("it was issued")
}

/// A client that trusts the authority of these certificates, with a certificate of its own or without.
fn trusting(
    server: &Certificates,
    address: SocketAddr,
    own: Option<&Certificates>,
) -> reqwest::Client {
    waybill::tls::install();
    let authority = Certificate::from_pem(&pem(&server.ca)).expect("an authority");
    let mut client = reqwest::Client::builder()
        .tls_certs_only([authority])
        .resolve(HOST, address)
        .no_proxy();
    if let Some(own) = own {
        let identity = [pem(&own.cert), pem(&own.key)].concat();
        client = client.identity(Identity::from_pem(&identity).expect("an identity"));
    }
    client.build().expect("a client")
}

/// The status of a list over TLS; `None` if there is no connection.
async fn status(client: &reqwest::Client, address: SocketAddr, key: &str) -> Option<u16> {
    let url = format!("https://{HOST}:{}{LIST}", address.port());
    let answer = client.get(url).bearer_auth(key).send().await.ok()?;
    Some(answer.status().as_u16())
}

#[test]
fn a_listener_serves_over_tls_and_presents_a_renewed_certificate() {
    Ground::test("tls-renewed", async |ground| {
        let first = Certificates::issue("tls-renewed-first", HOST);
        let second = Certificates::issue("tls-renewed-second", HOST);
        let (plan, plain) = ground.api_plan().await;
        let address: SocketAddr = plain.url()[7..].parse().expect("an address");
        let plan = plan.roles("api");
        let plan = plan.with("http.cert_file", &first.cert.display().to_string());
        let plan = plan.with("http.key_file", &first.key.display().to_string());
        let worker = plan.start().await;
        let (text, _) = key(&ground, "default", &[Scope::Read]).await;
        let [old, new] = [&first, &second].map(|it| trusting(it, address, None));
        assert_eq!(status(&old, address, &text).await, Some(200));
        assert_eq!(status(&new, address, &text).await, None);
        let unencrypted = reqwest::get(format!("http://{address}{LIST}")).await;
        assert!(unencrypted.is_err());

        // Half a renewal changes nothing.
        fs::copy(&second.cert, &first.cert).expect("it is ours");
        let warned = async || worker.log_text().contains("could not be read again");
        holds("a warning", warned).await;
        let another = trusting(&first, address, None);
        assert_eq!(status(&another, address, &text).await, Some(200));
        fs::copy(&second.key, &first.key).expect("it is ours");
        holds("the new certificate", async || {
            let client = trusting(&second, address, None);
            status(&client, address, &text).await == Some(200)
        })
        .await;
        // A connection that was open stays.
        assert_eq!(status(&old, address, &text).await, Some(200));
        worker.stop().await;
    });
}

#[test]
fn clients_need_a_certificate_where_their_authority_is_set() {
    Ground::test("tls-clients", async |ground| {
        let server = Certificates::issue("tls-clients-server", HOST);
        let clients = Certificates::issue("tls-clients-clients", "client.example");
        let (plan, plain) = ground.api_plan().await;
        let address: SocketAddr = plain.url()[7..].parse().expect("an address");
        let plan = plan.roles("api");
        let plan = plan.with("http.cert_file", &server.cert.display().to_string());
        let plan = plan.with("http.key_file", &server.key.display().to_string());
        let plan = plan.with("http.client_ca_file", &clients.ca.display().to_string());
        let worker = plan.start().await;
        let (text, _) = key(&ground, "default", &[Scope::Read]).await;
        for (own, expected) in [
            (None, None),
            (Some(&server), None),
            (Some(&clients), Some(200)),
        ] {
            let client = trusting(&server, address, own);
            assert_eq!(status(&client, address, &text).await, expected);
        }
        let client = trusting(&server, address, Some(&clients));
        assert_eq!(status(&client, address, "wrong").await, Some(401));
        worker.stop().await;
    });
}

#[test]
fn health_and_metrics_are_served_over_tls_and_the_health_command_reads_them() {
    Ground::test("tls-ops", async |ground| {
        waybill::tls::install();
        let own = Certificates::issue("tls-ops", HOST);
        let [cert, key, ca] = [&own.cert, &own.key, &own.ca].map(|path| path.display().to_string());
        for client_ca in [None, Some(ca)] {
            let port = listen_on_free_port().expect("a free port");
            let ops = port.local_addr().expect("it is bound").to_string();
            drop(port);
            let plan = ground.plan().roles("api");
            let (_, client) = ground.api_plan().await;
            let plan = plan.with("http.listen", &client.url()[7..]);
            let mut settings = vec![
                ("ops.listen", ops.clone()),
                ("ops.cert_file", cert.clone()),
                ("ops.key_file", key.clone()),
            ];
            settings.extend(client_ca.map(|ca| ("ops.client_ca_file", ca)));
            let plan = settings
                .iter()
                .fold(plan, |plan, (setting, value)| plan.with(setting, value));
            let worker = plan.launch().await;
            let mut health = vec!["health".to_owned()];
            for (setting, value) in &settings {
                health.extend(["--set".to_owned(), format!("{setting}={value}")]);
            }
            let health: Vec<_> = health.iter().map(String::as_str).collect();
            holds("a ready process", async || {
                ground.waybill(&health).code == Some(0)
            })
            .await;
            assert!(reqwest::get(format!("http://{ops}/livez")).await.is_err());
            worker.stop().await;
        }
    });
}

#[test]
fn a_trusted_proxy_says_who_is_refused_for_guessing() {
    let trusted = &[
        "http.trusted_proxies=127.0.0.0/8",
        "http.wrong_keys_per_second=1",
    ];
    served_with("tls-proxies", trusted, async |ground, client| {
        keyed(&ground, &client, "default", &[Scope::Read]).await;
        let guess = async |address: &str| {
            let client = client.with("x-forwarded-for", address);
            let wrong = client.with("authorization", "Bearer wb_000000000000_1");
            wrong.get(LIST).await.status
        };
        holds("the first address guesses too often", async || {
            guess("198.51.100.1").await == 429
        })
        .await;
        assert_eq!(guess("198.51.100.2").await, 401);
    });
}

#[test]
fn what_an_untrusted_client_says_of_itself_changes_nothing() {
    let strict = &["http.wrong_keys_per_second=1"];
    served_by("tls-no-proxies", "api", strict, async |ground, client| {
        keyed(&ground, &client, "default", &[Scope::Read]).await;
        let mut number = 0;
        holds(
            "guesses are counted by the connection's address",
            async || {
                number += 1;
                let client =
                    client.with("x-forwarded-for", &format!("198.51.100.{}", number % 250));
                let wrong = client.with("authorization", "Bearer wb_000000000000_1");
                wrong.get(LIST).await.status == 429
            },
        )
        .await;
    });
}
