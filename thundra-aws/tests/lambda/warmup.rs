//! Pings that keep a function warm.

use serde_json::{Value, json};

use crate::peers::{Lambda, Seen, Span};

const ON: (&str, &str) = ("THUNDRA_WARMUP", "on");

fn pings() -> [Value; 4] {
    [
        json!({ "source": "serverless-plugin-warmup" }),
        json!({ "warmer": true, "concurrency": 3 }),
        json!({ "warmup": true }),
        json!("#warmup wait=1"),
    ]
}

#[tokio::test]
async fn pings_are_answered_without_the_handler_and_are_no_cold_start() {
    for program in ["loops", "loops_concurrent", "loops_handler", "loops_state", "http_run_with"] {
        let lambda = Lambda::start(program, &[ON]).await;
        for ping in pings() {
            assert_eq!(lambda.invoke(ping).await.unwrap(), Value::Null, "{program}");
        }
        if program == "http_run_with" {
            lambda.stop().await;
            continue;
        }
        for order in [7, 8] {
            assert_eq!(lambda.invoke(json!({ "order": order })).await.unwrap(), json!(1), "{program}");
        }
        lambda.wait_for(|seen| seen.iter().flat_map(Seen::roots).count() >= 2).await;
        let roots = lambda.roots();
        let told = |root: &Span| [root.text("faas.coldstart"), root.text("thundra.warmup.pings")];
        let told: Vec<_> = roots.iter().map(told).collect();
        assert_eq!(told, [["true", "4"], ["false", ""]], "{program}");
        let (_, stderr) = lambda.stop().await;
        assert_eq!(stderr.matches("the handler is called").count(), 2, "{program}: {stderr}");
    }
}

#[tokio::test]
async fn the_handler_gets_pings_unless_asked_for() {
    let lambda = Lambda::start("loops", &[]).await;
    for ping in pings() {
        assert_eq!(lambda.invoke(ping).await.unwrap(), json!(1));
    }
    lambda.traced().await;
    assert_eq!(lambda.roots().len(), 4);
    lambda.stop().await;
}

#[tokio::test]
async fn a_request_is_never_a_ping() {
    let lambda = Lambda::start("loops", &[ON]).await;
    for request in [
        json!({ "httpMethod": "GET", "path": "/", "headers": {}, "requestContext": { "elb": {} }, "warmup": true,
                "source": "serverless-plugin-warmup", "body": "{\"warmer\":true}" }),
        json!({}),
        json!({ "order": 7, "warmup": true }),
    ] {
        assert_eq!(lambda.invoke(request).await.unwrap(), json!(1));
    }
    lambda.stop().await;
}
