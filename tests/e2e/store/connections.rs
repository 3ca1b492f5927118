//! Connections to real servers: TLS without a fallback, and concurrent migrations.

use std::path::{Path, PathBuf};
use std::process::Command;

use waybill::config::DatabaseSettings;
use waybill::dev::Postgres;
use waybill::store::admin::migrate;
use waybill::store::{Store, StoreError};

use crate::store::server::{folder, settings};

fn trusting(url: &str, ca_file: Option<PathBuf>) -> DatabaseSettings {
    DatabaseSettings {
        ca_file,
        ..settings(url)
    }
}

async fn is_encrypted(settings: &DatabaseSettings) -> Result<bool, StoreError> {
    let connection = Store::new(settings)?.connection().await?;
    let row = connection
        .query_one(
            "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

fn run(folder: &Path, command: &str) {
    let output = Command::new("sh")
        .args(["-ec", command])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}

/// A CA, a certificate for `localhost` that the server of that folder may read, and a second CA.
fn certificates(folder: &Path) {
    run(
        folder,
        "for ca in ca other; do openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=$ca -days 2 \
         -keyout $ca.key -out $ca.pem; done
         openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out req.pem
         printf 'subjectAltName=DNS:localhost\\n' > ext
         openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
         -extfile ext -out cert.pem
         chmod 600 key.pem
         chmod 755 .",
    );
}

/// Enables TLS after the server's next start.
async fn encrypt(settings: &DatabaseSettings, certificates: &Path) {
    let at = certificates.display();
    let connection = Store::new(settings).unwrap().connection().await.unwrap();
    for change in [
        format!("alter system set ssl_cert_file = '{at}/cert.pem'"),
        format!("alter system set ssl_key_file = '{at}/key.pem'"),
        "alter system set ssl = on".to_owned(),
    ] {
        connection.batch_execute(&change).await.unwrap();
    }
}

/// Four programs start at once; one of them does the work.
async fn migrate_side_by_side(settings: &DatabaseSettings) {
    let migrations = (0..4).map(|_| async {
        let store = Store::new(settings).unwrap();
        migrate::migrate(store.connection().await.unwrap())
            .await
            .unwrap()
    });
    let applied = futures_util::future::join_all(migrations).await;
    assert_eq!(applied.iter().filter(|one| one.applied > 0).count(), 1);
    let connection = Store::new(settings).unwrap().connection().await.unwrap();
    let versions = migrate::versions(&connection).await.unwrap();
    assert!(versions.suffice());
}

#[tokio::test]
async fn tls_is_verified_or_not_used_and_parallel_migrations_wait_for_each_other() {
    let folder = folder();
    let mut server = Postgres::start(&folder.join("server")).await.unwrap();
    let plain_url = server.url();

    let plain = settings(&plain_url);
    assert!(!is_encrypted(&plain).await.unwrap());
    let demanding = settings(&format!("{plain_url}?sslmode=require"));
    assert!(
        is_encrypted(&demanding).await.is_err(),
        "it fell back to plain text"
    );

    let authorities = folder.join("certificates");
    std::fs::create_dir(&authorities).unwrap();
    certificates(&authorities);
    run(
        &authorities,
        &format!(
            "chown --reference={}/server/postgres key.pem",
            folder.display()
        ),
    );
    encrypt(&plain, &authorities).await;
    server.restart().await.unwrap();

    let named = plain_url.replace("127.0.0.1", "localhost");
    let ca = Some(authorities.join("ca.pem"));
    assert!(is_encrypted(&trusting(&named, ca.clone())).await.unwrap());
    let full = format!("{named}?sslmode=verify-full");
    assert!(is_encrypted(&trusting(&full, ca.clone())).await.unwrap());
    let other = Some(authorities.join("other.pem"));
    assert!(
        is_encrypted(&trusting(&named, other)).await.is_err(),
        "a foreign authority passed"
    );
    assert!(
        is_encrypted(&trusting(&plain_url, ca)).await.is_err(),
        "a wrong host name passed"
    );

    migrate_side_by_side(&plain).await;
    server.stop().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
