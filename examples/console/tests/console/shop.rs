//! A small shop, whose numbers the tests recompute from the spans that were sent.

use serde_json::json;

use crate::harness::Console;
use crate::otlp::{span, traces};

/// Sends forty orders, of twenty requests: every tenth is slow, and of the tenant `big`.
pub(crate) async fn shop() -> Console {
    let console = Console::start();
    for order in 0..40u64 {
        let (trace, at, base) = (1000 + order, order * 1000, order * 10 + 1);
        let is_slow = order % 10 == 0;
        let duration = if is_slow { 200 } else { 10 };
        let correlation = ("correlation_id", json!(format!("order-{}", order / 2)));
        let tenant = json!(if is_slow { "big".to_owned() } else { format!("t{}", order % 3) });
        let mut root = span(
            trace,
            base,
            0,
            "POST /orders",
            2,
            (at, at + duration),
            &[
                correlation.clone(),
                ("tenant_id", tenant),
                ("faas.invocation_id", json!(format!("r-{order}"))),
                ("faas.coldstart", json!(order == 0)),
                ("http.route", json!("/orders")),
            ],
        );
        if order == 3 {
            root["status"] = json!({ "code": 2 });
        }
        let call =
            span(trace, base + 1, base, "GET", 3, (at + 1, at + 5), &[("server.address", json!("billing.example"))]);
        let send = [("messaging.system", json!("aws_sqs")), ("messaging.destination.name", json!("ship"))];
        let sent = span(trace, base + 2, base, "send ship", 4, (at + 6, at + 7), &send);
        let resource = [("faas.max_memory", json!(134_217_728)), ("host.arch", json!("arm64"))];
        console.send("traces", &traces("orders", &resource, vec![call, root, sent])).await;
        let served = span(trace, base + 3, base + 1, "GET /bill", 2, (at + 2, at + 4), &[]);
        console.send("traces", &traces("billing", &[], vec![served])).await;
        let mut received = span(
            2000 + order,
            base + 4,
            0,
            "process ship",
            5,
            (at + 500, at + 600),
            &[
                correlation,
                send[0].clone(),
                send[1].clone(),
                ("thundra.queue.time_ms", json!(490.5)),
                ("aws.sqs.receive_count", json!(1 + order % 2)),
                ("messaging.message.id", json!(format!("m-{}", order / 2))),
            ],
        );
        received["links"] = json!([{ "traceId": format!("{trace:032x}"), "spanId": format!("{:016x}", base + 2) }]);
        console.send("traces", &traces("shipping", &[], vec![received])).await;
    }
    console
}
