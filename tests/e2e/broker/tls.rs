//! Encryption: only the right authority and the right name are trusted, and nothing falls back.

use waybill::broker::{BrokerError, connect};
use waybill::config::BrokerSettings;

use crate::broker::ground::{Ground, on_empty, place, refusal, settings};
use crate::support::certificates::Certificates;
use crate::support::ground::assert_contains;
use crate::support::proxy::Proxy;

fn over_tls(ground: &Ground, proxy: &Proxy, ca: &Certificates) -> BrokerSettings {
    BrokerSettings {
        ca_file: Some(ca.ca.clone()),
        ..settings(&ground.by_way_of("amqps", &format!("localhost:{}", proxy.port())))
    }
}

#[test]
fn a_trusted_authority_and_the_right_name_connect() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-trusted", "localhost");
        let proxy = ground.tls_proxy(&server, None).await;
        let conn = connect(&over_tls(&ground, &proxy, &server), "waybill tests")
            .await
            .unwrap();
        assert!(conn.is_connected() && conn.channel().await.is_ok());
        conn.close().await;
    });
}

#[test]
fn another_authority_is_refused() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-issuer", "localhost");
        let other = Certificates::issue("tls-issuer-other", "localhost");
        let proxy = ground.tls_proxy(&server, None).await;
        let mut settings = over_tls(&ground, &proxy, &other);
        for ca_file in [settings.ca_file.clone(), None] {
            settings.ca_file = ca_file;
            let error = refusal(&settings).await;
            assert!(matches!(error, BrokerError::Tls(_)), "{error}");
            assert_contains(&error.to_string(), "not signed by a trusted authority");
        }
    });
}

#[test]
fn another_host_name_is_refused() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-name", "mq.example");
        let proxy = ground.tls_proxy(&server, None).await;
        let error = refusal(&over_tls(&ground, &proxy, &server)).await;
        assert!(matches!(error, BrokerError::Tls(_)), "{error}");
        assert_contains(&error.to_string(), "not for \"localhost\"");
    });
}

#[test]
fn a_plain_port_is_refused_as_such() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-plain", "localhost");
        let mut settings = settings(&ground.by_way_of("amqps", &place(&ground.url)));
        settings.ca_file = Some(server.ca);
        let error = refusal(&settings).await;
        assert!(matches!(error, BrokerError::Tls(_)), "{error}");
        assert_contains(&error.to_string(), "does not answer with TLS");
    });
}

#[test]
fn a_tls_port_without_tls_is_refused_as_such() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-reverse", "localhost");
        let proxy = ground.tls_proxy(&server, None).await;
        let place = format!("localhost:{}", proxy.port());
        let error = refusal(&settings(&ground.by_way_of("amqp", &place))).await;
        assert!(error.to_string().contains("amqps://"), "{error}");
    });
}

#[test]
fn a_client_certificate_is_sent_where_the_server_requires_one() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-client-server", "localhost");
        let client = Certificates::issue("tls-client", "waybill");
        let proxy = ground.tls_proxy(&server, Some(&client)).await;
        let mut settings = over_tls(&ground, &proxy, &server);
        let error = refusal(&settings).await;
        assert!(error.to_string().contains("client certificate"), "{error}");
        settings.cert_file = Some(client.cert.clone());
        let error = refusal(&settings).await;
        assert!(error.to_string().contains("key file"), "{error}");
        settings.key_file = Some(client.key.clone());
        connect(&settings, "waybill tests")
            .await
            .unwrap()
            .close()
            .await;
    });
}

#[test]
fn files_that_cannot_be_used_are_named() {
    on_empty(async |ground| {
        let server = Certificates::issue("tls-files", "localhost");
        let mut settings = settings(&ground.by_way_of("amqps", "localhost:1"));
        for file in [
            server.ca.with_file_name("nothing-here.pem"),
            server.key.clone(),
        ] {
            settings.ca_file = Some(file.clone());
            let error = refusal(&settings).await;
            assert!(matches!(error, BrokerError::Settings(_)), "{error}");
            assert_contains(&error.to_string(), file.to_str().unwrap());
        }
        settings.ca_file = Some(server.ca.clone());
        settings.url = ground.by_way_of("amqp", &place(&ground.url)).into();
        let error = refusal(&settings).await;
        assert!(error.to_string().contains("not encrypted"), "{error}");
    });
}
