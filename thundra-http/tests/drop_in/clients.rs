//! Settings of clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Identity, NoProxy, Proxy};

use crate::server::start;

/// A resolver of a program.
#[derive(Clone)]
struct To(SocketAddr);

impl Resolve for To {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (name.as_str() == "orders.internal").then_some(self.0);
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

fn authority() -> rcgen::CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

#[tokio::test]
async fn every_group_of_settings_builds_a_client() -> Result<(), Box<dyn std::error::Error>> {
    let address = start().await;
    let own = authority();
    let pem = own.cert.pem();
    let identity = Identity::from_pem([own.signing_key.serialize_pem(), pem.clone()].concat().as_bytes())?;
    let client = ClientBuilder::new()
        .user_agent("orders/1")
        .default_headers(HeaderMap::from_iter([("x-default".parse()?, HeaderValue::from_static("d"))]))
        .timeout(Duration::from_secs(9))
        .read_timeout(Duration::from_secs(9))
        .connect_timeout(Duration::from_secs(9))
        .pool_idle_timeout(None)
        .pool_max_idle_per_host(2)
        .connection_verbose(false)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(9))
        .local_address(None)
        .http1_only()
        .gzip(true)
        .brotli(true)
        .zstd(true)
        .deflate(true)
        .referer(false)
        .https_only(false)
        .retry(reqwest::retry::never())
        .tls_backend_rustls()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .tls_certs_merge([Certificate::from_pem(pem.as_bytes())?])
        .add_root_certificate(Certificate::from_der(own.cert.der())?)
        .identity(identity)
        .tls_info(true)
        .tls_sni(true)
        .danger_accept_invalid_certs(false)
        .hickory_dns(false)
        .dns_resolver(Arc::new(To(address)))
        .no_proxy()
        .build()?;
    let url = format!("http://orders.internal:{}/a", address.port());
    let response = client.get(url).send().await?;
    assert!(response.extensions().get::<reqwest::tls::TlsInfo>().is_none(), "it is plain HTTP");
    assert_eq!(response.text().await?, "GET /a  ||orders/1|d ");
    Ok(())
}

#[tokio::test]
async fn a_proxy_gets_the_request() -> Result<(), Box<dyn std::error::Error>> {
    let address = start().await;
    let proxy = Proxy::http(format!("http://{address}"))?.basic_auth("user", "password");
    let proxy = proxy.no_proxy(NoProxy::from_string("orders.example"));
    let custom =
        Proxy::custom(move |url| (url.host_str() == Some("billing.example")).then(|| format!("http://{address}")));
    let client = Client::builder().proxy(proxy).proxy(custom).build()?;
    let text = client.get("http://billing.example/a").send().await?.text().await?;
    assert!(text.starts_with("GET http://billing.example/a"), "{text}");
    assert!(client.get("http://orders.example/a").send().await.is_err(), "it is not for the proxy");
    Ok(())
}

#[tokio::test]
async fn redirects_follow_the_policy() -> reqwest::Result<()> {
    use reqwest::redirect::{Action, Attempt, Policy};
    let url = format!("http://{}/moved", start().await);
    fn decide(attempt: Attempt<'_>) -> Action {
        if attempt.previous().len() > 1 { attempt.error("a loop") } else { attempt.follow() }
    }
    for (policy, path) in [
        (Policy::default(), "/echo"),
        (Policy::limited(2), "/echo"),
        (Policy::none(), "/moved"),
        (Policy::custom(decide), "/echo"),
        (
            Policy::custom(|attempt| if attempt.url().path() == "/echo" { attempt.stop() } else { attempt.follow() }),
            "/moved",
        ),
    ] {
        let client = Client::builder().redirect(policy).build()?;
        assert_eq!(client.get(&url).send().await?.url().path(), path);
    }
    Ok(())
}

#[tokio::test]
async fn cookies_are_kept() -> reqwest::Result<()> {
    use reqwest::cookie::{CookieStore, Jar};
    let base: reqwest::Url = format!("http://{}", start().await).parse().unwrap();
    let jar = Arc::new(Jar::default());
    jar.add_cookie_str("theme=dark", &base);
    let client = Client::builder().cookie_provider(jar.clone()).build()?;
    let login = client.get(base.join("/login").unwrap()).send().await?;
    assert_eq!(login.cookies().map(|cookie| cookie.value().to_owned()).collect::<Vec<_>>(), ["s1"]);
    let cookies = jar.cookies(&base).unwrap();
    assert!(cookies.to_str().unwrap().contains("session=s1"));
    let text = client.get(base.join("/a").unwrap()).send().await?.text().await?;
    assert!(text.contains("session=s1") && text.contains("theme=dark"), "{text}");
    let stored = Client::builder().cookie_store(true).build()?;
    stored.get(base.join("/login").unwrap()).send().await?;
    assert!(stored.get(base.join("/a").unwrap()).send().await?.text().await?.contains("session=s1"));
    Ok(())
}

#[tokio::test]
async fn a_request_is_retried() -> reqwest::Result<()> {
    let url = format!("http://{}/broken", start().await);
    let retries = reqwest::retry::for_host("127.0.0.1").max_retries_per_request(1).classify_fn(|attempt| {
        if attempt.status() == Some(reqwest::StatusCode::INTERNAL_SERVER_ERROR) {
            attempt.retryable()
        } else {
            attempt.success()
        }
    });
    let client = Client::builder().retry(retries).build()?;
    assert_eq!(client.get(url).send().await?.status(), 500);
    Ok(())
}
