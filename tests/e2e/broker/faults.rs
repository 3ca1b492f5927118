//! A network that fails: noticed in time, and nothing left behind.

use std::time::{Duration, Instant};

use tokio::{io::AsyncReadExt, net::TcpListener, time::timeout};
use waybill::broker::{
    BrokerError, Connection, Consumer, Ended, Next, Outgoing, Publisher, connect,
};
use waybill::config::BrokerSettings;
use waybill::dev::listen_on_free_port;

use crate::broker::ground::{
    Ground, PATIENCE, delivery, next, on_empty, on_queue, refusal, settings,
};
use crate::support::proxy::{Mode, Proxy};

async fn through(ground: &Ground, proxy: &Proxy) -> Connection {
    let settings = BrokerSettings {
        heartbeat: Duration::from_secs(1),
        ..settings(&ground.by_way_of("amqp", &format!("127.0.0.1:{}", proxy.port())))
    };
    connect(&settings, "waybill tests").await.unwrap()
}

#[test]
fn a_cut_connection_ends_at_once() {
    on_queue("cut", 1, async |ground| {
        let proxy = ground.proxy().await;
        let conn = through(&ground, &proxy).await;
        let mut consumer = Consumer::open(&conn, "cut", 1).await.unwrap();
        let tag = delivery(&mut consumer).await.tag;
        proxy.set(Mode::Down);
        timeout(Duration::from_secs(1), conn.ended().cancelled())
            .await
            .unwrap();
        assert!(!conn.is_connected());
        let reason = conn.end_reason().unwrap();
        assert!(matches!(reason, BrokerError::Lost(_)), "{reason}");
        let ended = next(&mut consumer).await;
        assert!(matches!(ended, Next::Ended(Ended::Lost(_))), "{ended:?}");
        let acked = consumer.acker().ack_through(tag).await;
        assert!(matches!(acked, Err(BrokerError::Lost(_))), "{acked:?}");
        let channel = conn.channel().await;
        assert!(matches!(channel, Err(BrokerError::Lost(_))), "{channel:?}");
    });
}

#[test]
fn a_peer_that_vanished_is_noticed_by_its_missing_heartbeats() {
    on_queue("frozen", 0, async |ground| {
        let proxy = ground.proxy().await;
        let conn = through(&ground, &proxy).await;
        let mut consumer = Consumer::open(&conn, "frozen", 1).await.unwrap();
        let mut publisher = Publisher::open(&conn, PATIENCE).await.unwrap();
        proxy.set(Mode::Hole);
        let since = Instant::now();
        let batch = [Outgoing::new("", "frozen", "m-1", vec![0; 20_000_000])];
        let published = timeout(PATIENCE, publisher.publish_all(&batch))
            .await
            .unwrap();
        assert!(
            matches!(published, Err(BrokerError::Lost(_))),
            "{published:?}"
        );
        timeout(PATIENCE, conn.ended().cancelled()).await.unwrap();
        assert!(
            since.elapsed() < Duration::from_secs(4),
            "{:?}",
            since.elapsed()
        );
        assert!(matches!(
            next(&mut consumer).await,
            Next::Ended(Ended::Lost(_))
        ));
    });
}

#[test]
fn a_confirm_that_does_not_come_is_an_error_in_time() {
    on_queue("silent", 0, async |ground| {
        let proxy = ground.proxy().await;
        let conn = through(&ground, &proxy).await;
        let mut publisher = Publisher::open(&conn, Duration::from_millis(200))
            .await
            .unwrap();
        proxy.set(Mode::Hole);
        let batch = [Outgoing::new("", "silent", "m-1", Vec::new())];
        let error = publisher.publish_all(&batch).await.unwrap_err();
        assert!(matches!(error, BrokerError::Timeout { .. }), "{error}");
        assert!(!publisher.is_usable());
    });
}

#[test]
fn connecting_to_a_silent_peer_times_out() {
    on_empty(async |ground| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        for scheme in ["amqp", "amqps"] {
            let mut settings = settings(&ground.by_way_of(scheme, &place));
            settings.connect_timeout = Duration::from_millis(300);
            let silent = async {
                let (mut peer, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                let _ = peer.read_to_end(&mut bytes).await;
            };
            let (error, let_go) = tokio::join!(refusal(&settings), timeout(PATIENCE, silent));
            assert!(matches!(error, BrokerError::Unreachable(_)), "{error}");
            assert!(error.to_string().contains("handshake"), "{error}");
            let_go.unwrap();
        }
    });
}

#[test]
fn a_refused_connection_and_an_unknown_host_are_different_errors() {
    on_empty(async |ground| {
        let free = listen_on_free_port().unwrap();
        let place = free.local_addr().unwrap().to_string();
        drop(free);
        let error = refusal(&settings(&ground.by_way_of("amqp", &place))).await;
        assert!(matches!(error, BrokerError::Unreachable(_)), "{error}");
        assert!(error.to_string().contains("cannot be reached"), "{error}");
        let elsewhere = settings(&ground.by_way_of("amqp", "no-such-host.invalid:5672"));
        let error = refusal(&elsewhere).await;
        assert!(matches!(error, BrokerError::Settings(_)), "{error}");
        assert!(error.to_string().contains("broker.plaintext"), "{error}");
        let allowed = BrokerSettings {
            plaintext: true,
            ..elsewhere
        };
        let error = refusal(&allowed).await;
        assert!(matches!(error, BrokerError::Unreachable(_)), "{error}");
        assert!(error.to_string().contains("cannot be found"), "{error}");
    });
}

#[test]
fn closing_a_frozen_connection_does_not_hang() {
    on_empty(async |ground| {
        let proxy = ground.proxy().await;
        let conn = through(&ground, &proxy).await;
        proxy.set(Mode::Hole);
        timeout(Duration::from_secs(4), conn.close()).await.unwrap();
        assert!(!conn.is_connected());
    });
}
