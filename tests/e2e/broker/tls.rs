//! Encryption: only the right authority and the right name are trusted, and nothing falls back.

use std::{path::PathBuf, process::Command};

use waybill::broker::{BrokerError, connect};
use waybill::config::BrokerSettings;

use crate::broker::{
    ground::{by_way_of, folder, place, refusal, settings},
    proxy::Proxy,
};

/// An authority, and a certificate that it signed.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// A new authority with a certificate for `host`.
    fn issue(folder_name: &str, host: &str) -> Self {
        let folder = folder(folder_name);
        std::fs::write(folder.join("ext"), format!("subjectAltName=DNS:{host}\n")).unwrap();
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.current_dir(&folder).args(arguments.split(' '));
            let output = command.output().expect("openssl is installed");
            assert!(output.status.success(), "{output:?}");
        };
        const NEW: &str = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj";
        openssl(&format!(
            "{NEW} /CN=authority -x509 -days 2 -keyout ca.key -out ca.pem"
        ));
        openssl(&format!(
            "{NEW} /CN={host} -keyout key.pem -out request.pem"
        ));
        openssl(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile ext -out cert.pem",
        );
        Self {
            ca: folder.join("ca.pem"),
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        }
    }
}

fn over_tls(proxy: &Proxy, ca: &Certificates) -> BrokerSettings {
    BrokerSettings {
        ca_file: Some(ca.ca.clone()),
        ..settings(&by_way_of("amqps", &format!("localhost:{}", proxy.port())))
    }
}

#[tokio::test]
async fn a_trusted_authority_and_the_right_name_connect() {
    let server = Certificates::issue("trusted", "localhost");
    let proxy = Proxy::tls(&server, None).await;
    let conn = connect(&over_tls(&proxy, &server), "waybill tests")
        .await
        .unwrap();
    assert!(conn.is_connected() && conn.channel().await.is_ok());
    conn.close().await;
}

#[tokio::test]
async fn another_authority_is_refused() {
    let server = Certificates::issue("issuer", "localhost");
    let other = Certificates::issue("issuer-other", "localhost");
    let proxy = Proxy::tls(&server, None).await;
    let mut settings = over_tls(&proxy, &other);
    for ca_file in [settings.ca_file.clone(), None] {
        settings.ca_file = ca_file;
        let error = refusal(&settings).await;
        assert!(matches!(error, BrokerError::Tls(_)), "{error}");
        assert!(
            error
                .to_string()
                .contains("not signed by a trusted authority"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn another_host_name_is_refused() {
    let server = Certificates::issue("name", "mq.example");
    let proxy = Proxy::tls(&server, None).await;
    let error = refusal(&over_tls(&proxy, &server)).await;
    assert!(matches!(error, BrokerError::Tls(_)), "{error}");
    assert!(
        error.to_string().contains("not for \"localhost\""),
        "{error}"
    );
}

#[tokio::test]
async fn a_plain_port_is_refused_as_such() {
    let server = Certificates::issue("plain", "localhost");
    let mut settings = settings(&by_way_of("amqps", &place()));
    settings.ca_file = Some(server.ca);
    let error = refusal(&settings).await;
    assert!(matches!(error, BrokerError::Tls(_)), "{error}");
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn a_tls_port_without_tls_is_refused_as_such() {
    let server = Certificates::issue("reverse", "localhost");
    let proxy = Proxy::tls(&server, None).await;
    let place = format!("localhost:{}", proxy.port());
    let error = refusal(&settings(&by_way_of("amqp", &place))).await;
    assert!(error.to_string().contains("amqps://"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_wanted() {
    let server = Certificates::issue("client-server", "localhost");
    let client = Certificates::issue("client", "waybill");
    let proxy = Proxy::tls(&server, Some(&client)).await;
    let mut settings = over_tls(&proxy, &server);
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
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let server = Certificates::issue("files", "localhost");
    let mut settings = settings(&by_way_of("amqps", "localhost:1"));
    for file in [
        server.ca.with_file_name("nothing-here.pem"),
        server.key.clone(),
    ] {
        settings.ca_file = Some(file.clone());
        let error = refusal(&settings).await;
        assert!(matches!(error, BrokerError::Settings(_)), "{error}");
        assert!(
            error.to_string().contains(file.to_str().unwrap()),
            "{error}"
        );
    }
    settings.ca_file = Some(server.ca.clone());
    settings.url = by_way_of("amqp", &place()).into();
    let error = refusal(&settings).await;
    assert!(error.to_string().contains("not encrypted"), "{error}");
}
