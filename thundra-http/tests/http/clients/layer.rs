//! Other clients, wrapped in the layer.

use axum::body::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::{TokioExecutor, TokioIo};
use thundra_core::Scope;
use thundra_http::Layer;
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{Record, Seen, attribute, error_types, exported, installed, nobody, serve};

use super::keeping;

#[tokio::test]
async fn other_clients_are_wrapped() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let scope = Scope::builder("caller").begin();
    let reqwest = ServiceBuilder::new().layer(Layer::client()).service(reqwest::Client::new());
    let hyper = HyperClient::builder(TokioExecutor::new()).build_http::<Full<axum::body::Bytes>>();
    let hyper = ServiceBuilder::new().layer(Layer::client()).service(hyper);
    let refused = nobody().await;
    scope
        .run(async {
            let request = reqwest::Request::new(reqwest::Method::GET, format!("http://{address}/a").parse().unwrap());
            assert_eq!(reqwest.oneshot(request).await.unwrap().text().await.unwrap(), "kept");
            let request = |to| http::Request::get(format!("http://{to}/b")).body(Full::default()).unwrap();
            let response = hyper.clone().oneshot(request(address)).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "kept");
            hyper.oneshot(request(refused)).await.unwrap_err();
        })
        .await;
    let spans = exported(scope, &exporter, 4).await;
    for span in &spans[..2] {
        assert_eq!(span.attribute("http.response.status_code"), Some(&200_i64.into()));
        assert_eq!(attribute(span, "network.peer.port"), Some(address.port().to_string()));
    }
    assert_eq!(error_types(&spans), ["connection_error"]);
    assert!(record.take().iter().all(|seen| seen.carries() == (true, true)));
}

#[tokio::test]
async fn a_request_on_an_open_connection_is_for_its_host() {
    let (_turn, exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let scope = Scope::builder("caller").begin();
    let hosts = [address.to_string(), "foreign.example".to_owned()];
    for host in &hosts {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let sender = tower::service_fn(move |request| sender.send_request(request));
        let client = ServiceBuilder::new().layer(Layer::client()).service(sender);
        let request = http::Request::get("/x?token=secret").header("host", host).body(Empty::<Bytes>::new()).unwrap();
        scope.run(client.oneshot(request)).await.unwrap();
    }
    let spans = exported(scope, &exporter, 3).await;
    let port = address.port().to_string();
    for (nth, name, port) in [(0, "127.0.0.1", Some(port)), (1, "foreign.example", None)] {
        assert_eq!(attribute(&spans[nth], "server.address").as_deref(), Some(name));
        assert_eq!(attribute(&spans[nth], "server.port"), port);
        let url = format!("//{}/x?token=REDACTED", hosts[nth]);
        assert_eq!(attribute(&spans[nth], "url.full"), Some(url));
    }
    assert_eq!(record.take().iter().map(Seen::carries).collect::<Vec<_>>(), [(true, true), (true, false)]);
}

#[tokio::test]
async fn an_unknown_grpc_status_is_an_error() {
    let (_turn, exporter) = installed().await;
    let service = tower::service_fn(|_: http::Request<()>| async {
        let response = http::Response::builder().header("content-type", "application/grpc");
        Ok::<_, std::convert::Infallible>(response.header("grpc-status", "17").body(()).unwrap())
    });
    let client = ServiceBuilder::new().layer(Layer::client()).service(service);
    let request = http::Request::post("http://a.internal/shop.Orders/Place").header("content-type", "application/grpc");
    let scope = Scope::builder("caller").begin();
    scope.run(client.oneshot(request.body(()).unwrap())).await.unwrap();
    let spans = exported(scope, &exporter, 2).await;
    let recorded = ["rpc.response.status_code", "error.type"].map(|key| attribute(&spans[0], key).unwrap());
    assert_eq!((spans[0].name.as_str(), recorded), ("shop.Orders/Place", ["UNKNOWN", "UNKNOWN"].map(str::to_owned)));
}
