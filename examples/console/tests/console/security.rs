//! Who may ask, and who may send.

use crate::harness::Console;

#[tokio::test]
async fn the_link_sets_a_cookie_that_opens_the_page() {
    let console = Console::start();
    let opened = console.client().get(&console.link).send().await.unwrap();
    assert_eq!((opened.status().as_u16(), opened.headers()["location"].to_str().unwrap()), (303, "/"));
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page =
        console.client().get(format!("{}/requests", console.page)).header("cookie", cookie).send().await.unwrap();
    assert_eq!(page.status(), 200);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.headers()[name], value);
    }
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!page.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn strangers_read_nothing() {
    let console = Console::start();
    let status = |path: &str, headers: &[(&str, &str)]| {
        let mut request = console.client().get(format!("{}{path}", console.page));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async { request.send().await.unwrap().status().as_u16() }
    };
    let bearer = format!("Bearer {}", console.token);
    for path in ["/", "/assets/index.js", "/api/v1/status", "/api/v1/events", "/api/echo", "/nothing"] {
        assert_eq!(status(path, &[]).await, 401, "{path}");
        assert_eq!(status(path, &[("authorization", &bearer), ("host", "evil.example")]).await, 403, "{path}");
    }
    assert_eq!(status("/api/v1/status", &[("authorization", &bearer)]).await, 200);
    assert_eq!(status("/api/v1/nothing", &[("authorization", &bearer)]).await, 404);
    let posted = console.client().post(format!("{}/api/v1/status", console.page)).header("authorization", &bearer);
    assert_eq!(posted.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn the_port_of_telemetry_leads_programs_to_the_page_without_the_token() {
    let console = Console::start();
    let led = console.client().get(&console.otlp).send().await.unwrap();
    let page = format!("{}/", console.page);
    assert_eq!((led.status().as_u16(), led.headers()["location"].to_str().unwrap()), (303, page.as_str()));
    for (name, value) in [("origin", page.as_str()), ("host", "evil.example")] {
        let refused = console.client().get(&console.otlp).header(name, value).send().await.unwrap();
        assert_eq!(refused.status(), 403, "{name}: {value}");
    }
}

#[tokio::test]
async fn pages_send_nothing() {
    let console = Console::start();
    let body = || b"{}".to_vec();
    for (media_type, origin, expected) in [
        ("application/json", None, 200),
        ("application/x-protobuf", Some("null"), 403),
        ("application/json", Some("http://127.0.0.1:8010"), 403),
        ("text/plain", None, 415),
        ("application/x-www-form-urlencoded", None, 415),
        ("multipart/form-data", None, 415),
    ] {
        let mut request =
            console.client().post(format!("{}/v1/traces", console.otlp)).header("content-type", media_type);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let status = request.body(body()).send().await.unwrap().status();
        assert_eq!(status, expected, "{media_type} {origin:?}");
    }
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_a_temporary_one_goes() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = format!("{}/kept-{}.db", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_file(&path);
    let mut console = Console::with(&["--keep", &path]);
    let span = crate::otlp::span(1, 1, 0, "kept", 2, (0, 1), &[]);
    console.send("traces", &crate::otlp::traces("orders", &[], vec![span])).await;
    for suffix in ["", "-wal"] {
        let mode = std::fs::metadata(format!("{path}{suffix}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_thundra-console"))
        .args(["--page-port", "0", "--otlp-port", "0", "--xray-port", "0", "--keep", &path])
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&second.stderr);
    assert!(problem.contains("another console has it"), "{problem}");
    assert!(console.end());
    let again = Console::with(&["--keep", &path]);
    assert_eq!(again.get("/api/v1/status").await["spans"], 1);
}
