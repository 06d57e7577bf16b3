//! Server-sent events.

use crate::harness::Console;
use crate::otlp::{span, traces};

#[tokio::test]
async fn events_resume_after_the_last_one() {
    let console = Console::start();
    console.send("traces", &traces("orders", &[], vec![span(1, 1, 0, "a", 2, (0, 1), &[])])).await;
    let mut events = console.ask("/api/v1/events?since=0").await;
    let first = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("event: batch") && first.contains("id: 1") && first.contains("\"spans\":1"), "{first}");
    console.send("traces", &traces("orders", &[], vec![span(2, 2, 0, "b", 2, (0, 1), &[])])).await;
    let second = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(second.contains("id: 2") && second.contains(&format!("{:032x}", 2)), "{second}");
    let request = console.client().get(format!("{}/api/v1/events", console.page)).header("last-event-id", "77");
    let mut other = request.header("authorization", format!("Bearer {}", console.token)).send().await.unwrap();
    let reset = String::from_utf8(other.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(reset.contains("event: reset"), "{reset}");
}
