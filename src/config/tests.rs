//! Scenarios of loading: precedence of sources, refused values, and that no secret is shown.

use std::{fs, path::PathBuf, time::Duration};

use expect_test::{Expect, expect};
use secrecy::ExposeSecret;

use super::*;

const DATABASE: (&str, &str) = ("WAYBILL_DATABASE__URL", "postgres://u:hunter2@db/waybill");
const BROKER: (&str, &str) = ("WAYBILL_BROKER__URL", "amqp://u:hunter2@mq/%2f");

fn with(more: &[(&str, &str)]) -> Result<Loaded, Faults> {
    let environment = [DATABASE, BROKER].iter().chain(more).copied();
    load(None, environment, &[])
}

fn file(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("waybill-config-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn check_faults(loaded: Result<Loaded, Faults>, expected: &Expect) {
    let text = loaded.unwrap_err().to_string();
    assert!(!text.contains("hunter2"), "{text}");
    let folder = file("any", "").with_file_name("");
    expected.assert_eq(&text.replace(folder.to_str().unwrap(), ""));
}

fn origin_of(loaded: &Loaded, key: &str) -> String {
    let entry = loaded.effective.iter().find(|e| e.key == key).unwrap();
    entry.to_string()
}

#[test]
fn defaults_apply_to_settings_that_no_source_sets() {
    let loaded = with(&[]).unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.batch.events, 1000);
    assert_eq!(settings.limits.body_bytes, 2 << 20);
    assert_eq!(settings.process.settle, Duration::from_secs(600));
    assert_eq!(settings.process.deadline, None);
    assert_eq!(settings.outbox.unroutable, Unroutable::Drop);
    assert_eq!(settings.database.ca_file, None);
    assert_eq!(
        origin_of(&loaded, "batch.events"),
        "batch.events = 1000  (default)"
    );
}

#[test]
fn the_source_of_higher_precedence_wins() {
    let path = file(
        "layers.toml",
        "[batch]\nevents = 10\nbytes = \"1MiB\"\n[janitor]\nbatch = 7\n",
    );
    let environment = [
        DATABASE,
        BROKER,
        ("WAYBILL_BATCH__EVENTS", "20"),
        ("WAYBILL_BATCH__BYTES", "2MiB"),
        ("WAYBILL_LOG__FILTER", ""),
    ];
    let loaded = load(Some(&path), environment, &["batch.events=30".to_owned()]).unwrap();
    assert_eq!(loaded.settings.janitor.batch, 7);
    assert_eq!(loaded.settings.batch.bytes, 2 << 20);
    assert_eq!(loaded.settings.batch.events, 30);
    assert_eq!(loaded.settings.log.filter, "info");
    assert_eq!(
        origin_of(&loaded, "batch.bytes"),
        "batch.bytes = 2MiB  (environment WAYBILL_BATCH__BYTES)"
    );
    assert!(origin_of(&loaded, "janitor.batch").ends_with("layers.toml: janitor.batch)"));
}

#[test]
fn the_environment_can_name_the_file() {
    let path = file("named.toml", "batch.events = 5\n");
    let environment = [DATABASE, BROKER, (FILE_VARIABLE, path.to_str().unwrap())];
    assert_eq!(
        load(None, environment, &[]).unwrap().settings.batch.events,
        5
    );
}

#[test]
fn common_names_of_urls_are_read_with_lower_precedence() {
    let usual = [
        ("DATABASE_URL", "postgres://a@usual/x"),
        ("AMQP_URL", "amqp://a@usual/"),
    ];
    let loaded = load(None, usual, &[]).unwrap();
    assert_eq!(
        loaded.settings.broker.url.expose_secret(),
        "amqp://a@usual/"
    );
    let both = usual.into_iter().chain([DATABASE]);
    let loaded = load(None, both, &[]).unwrap();
    assert_eq!(loaded.settings.database.url.expose_secret(), DATABASE.1);
}

#[test]
fn a_secret_can_be_read_from_a_file() {
    let secret = file("secret", "postgres://u:hunter2@db/filed\n");
    let environment = [
        BROKER,
        ("WAYBILL_DATABASE__URL_FILE", secret.to_str().unwrap()),
    ];
    let loaded = load(None, environment, &[]).unwrap();
    let url = loaded.settings.database.url.expose_secret();
    assert_eq!(url, "postgres://u:hunter2@db/filed");
    assert_eq!(
        origin_of(&loaded, "database.url"),
        "database.url = [redacted]  (environment WAYBILL_DATABASE__URL_FILE)"
    );
    check_faults(
        with(&[("WAYBILL_DATABASE__URL_FILE", secret.to_str().unwrap())]),
        &expect![[r"
            the settings have a fault:
              database.url (environment WAYBILL_DATABASE__URL_FILE): is also given by environment WAYBILL_DATABASE__URL; allowed: one of the two"]],
    );
}

#[test]
fn all_faults_are_reported_at_once() {
    let path = file(
        "faulty.toml",
        "batchsize = 3\n[batch]\nevent = 10\nevents = [1]\n[process]\nsettle = 600\n",
    );
    let environment = [
        ("AMQP_URL", "http://u:hunter2@mq"),
        ("WAYBILL_BROKER__PARTITIONS", "300"),
        ("WAYBILL_BATCH_BYTES", "hunter2"),
        ("WAYBILL_OUTBOX__UNROUTABLE", "lose"),
        ("WAYBILL_DATABASE__CERT_FILE", "/cert.pem"),
        ("WAYBILL_WORKER__BYTES_IN_FLIGHT", "1MiB"),
    ];
    let overrides = [
        "log.filter=a=b=c".to_owned(),
        "no-equals hunter2".to_owned(),
    ];
    check_faults(
        load(Some(&path), environment, &overrides),
        &expect![[r#"
            the settings have 13 faults:
              batch.event (file faulty.toml: batch.event): is not a setting; did you mean `batch.events`?
              batch.events (file faulty.toml: batch.events): is not a single value
              batchsize (file faulty.toml: batchsize): is not a setting
              WAYBILL_BATCH_BYTES (environment WAYBILL_BATCH_BYTES): is not a setting; did you mean `WAYBILL_BATCH__BYTES`?
              override 2: has no `=`; allowed: `key=value`
              database.url: is required: set WAYBILL_DATABASE__URL, or WAYBILL_DATABASE__URL_FILE for a file that contains it; allowed: a URL that starts with `postgres://` or `postgresql://`
              broker.url (environment AMQP_URL): is not such a URL (its value is not shown); allowed: a URL that starts with `amqp://` or `amqps://`
              broker.partitions (environment WAYBILL_BROKER__PARTITIONS): `300` is too large; allowed: a whole number from 1 to 256
              outbox.unroutable (environment WAYBILL_OUTBOX__UNROUTABLE): `lose` is not one of the choices; allowed: `drop` or `keep`
              process.settle (file faulty.toml: process.settle): `600` is not a duration with a unit; allowed: a duration such as `250ms` or `30s`, from 1ms to 365d
              log.filter (flag log.filter): `a=b=c` is not a filter; allowed: levels and targets, such as `info` or `warn,waybill=debug`
              database.cert_file (environment WAYBILL_DATABASE__CERT_FILE): needs `database.key_file` too
              worker.bytes_in_flight (environment WAYBILL_WORKER__BYTES_IN_FLIGHT): is below `limits.body_bytes` (default); allowed: 2MiB or more"#]],
    );
}

#[test]
fn a_pool_that_is_too_small_for_the_partitions_is_refused() {
    let partitions = ("WAYBILL_BROKER__PARTITIONS", "4");
    let too_small = with(&[partitions, ("WAYBILL_DATABASE__POOL", "11")]);
    check_faults(
        too_small,
        &expect![[r#"
        the settings have a fault:
          database.pool (environment WAYBILL_DATABASE__POOL): is too few for `broker.partitions` = 4, which need 2 each and 4 more; allowed: 12 or more"#]],
    );
    check_faults(
        with(&[partitions]),
        &expect![[r#"
        the settings have a fault:
          database.pool (default): is too few for `broker.partitions` = 4, which need 2 each and 4 more; allowed: 12 or more"#]],
    );
    assert!(with(&[partitions, ("WAYBILL_DATABASE__POOL", "12")]).is_ok());
    assert!(with(&[("WAYBILL_BROKER__PARTITIONS", "2")]).is_ok());
}

#[test]
fn a_syntax_error_names_its_place_but_not_its_line() {
    let path = file("broken.toml", "[database]\nurl = postgres://u:hunter2@db\n");
    check_faults(
        load(Some(&path), [DATABASE, BROKER], &[]),
        &expect![[r#"
        the settings have a fault:
          broken.toml: is not TOML at line 2, column 7: string values must be quoted, expected literal string; allowed: a readable TOML file"#]],
    );
}

#[test]
fn a_file_that_is_missing_is_a_fault() {
    let missing = file("x.toml", "").with_file_name("missing.toml");
    check_faults(
        load(Some(&missing), [DATABASE, BROKER], &[]),
        &expect![[r"
            the settings have a fault:
              missing.toml: cannot be read: entity not found; allowed: a readable TOML file"]],
    );
}

#[test]
fn variables_of_a_kubernetes_service_are_no_faults() {
    let linked = with(&[
        ("WAYBILL_SERVICE_HOST", "10.0.0.1"),
        ("WAYBILL_PORT", "tcp://10.0.0.1:80"),
        ("WAYBILL_API_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("WAYBILL_API_SERVICE_PORT_HTTP", "80"),
    ]);
    assert!(linked.is_ok());
}

#[test]
fn secrets_are_shown_nowhere() {
    let loaded = with(&[]).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert!(
        loaded
            .effective
            .iter()
            .all(|entry| !entry.to_string().contains("hunter2"))
    );
}

#[test]
fn every_setting_is_sound() {
    for setting in SETTINGS {
        let variable = format!("WAYBILL_{}", setting.key.to_uppercase().replace('.', "__"));
        assert_eq!(setting.variable, variable);
        if !setting.is_required() && !setting.is_optional() {
            assert!(
                setting.kind.parse(setting.default).is_ok(),
                "{}",
                setting.key
            );
        }
        assert!(
            !setting.doc.ends_with('.') && !setting.doc.contains('|'),
            "{}",
            setting.key
        );
    }
    let keys: std::collections::BTreeSet<_> = SETTINGS.iter().map(|s| s.key).collect();
    assert_eq!(keys.len(), SETTINGS.len());
}

#[test]
fn the_table_omits_settings_that_only_tests_need() {
    let table = settings_table();
    assert!(table.contains("| `WAYBILL_BATCH__EVENTS` | `1000` |"));
    assert!(!table.contains("FAULT"));
}
