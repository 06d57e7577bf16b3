//! Every shape of an HTTP function. Each `main` stands in a module, so running the file calls none of the functions.

#![deny(warnings, missing_docs, unreachable_pub, rust_2018_idioms)]

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Mutex;

use axum::Router;
use lambda_http::lambda_runtime::tower::util::BoxCloneService;
use lambda_http::{Body, IntoResponse, Request, RequestExt, Response};
use thundra_aws::{Error, TelemetryBuilder, handler};

type Shared = Mutex<Vec<String>>;

async fn connect() -> Result<Shared, Error> {
    Ok(Mutex::default())
}

fn telemetry() -> TelemetryBuilder {
    thundra_aws::Telemetry::builder()
}

mod opaque {
    use super::*;

    /// Documented.
    #[handler]
    #[tracing::instrument(skip_all)]
    pub(crate) async fn main(request: Request) -> Result<impl IntoResponse, Infallible> {
        Ok(request.raw_http_path().to_owned())
    }
}

mod renamed {
    use super::*;
    use lambda_http::Request as R;

    #[handler(telemetry = telemetry, shutdown)]
    pub(crate) async fn main(mut request: R) -> Result<Response<Body>, Error> {
        Ok(Response::new(std::mem::take(request.body_mut())))
    }
}

mod alias {
    use super::*;
    type Ask = lambda_http::http::Request<Body>;
    type Answer = Result<(lambda_http::http::StatusCode, String), Error>;

    #[handler(init = connect, concurrent)]
    pub(crate) async fn main(_request: Ask, shared: &Shared) -> Answer {
        let name = shared.lock().map_err(|_| "poisoned")?.pop().ok_or("empty")?;
        Ok((lambda_http::http::StatusCode::OK, name))
    }
}

mod borrows {
    use super::*;

    async fn names() -> String {
        "north".to_owned()
    }

    #[handler(init = names)]
    pub(crate) async fn main<'a>(_: Request, name: &'a String) -> Result<impl IntoResponse + use<'a>, &'static str> {
        Ok(Response::new(name.clone()))
    }
}

mod streams {
    use super::*;

    #[handler(streaming, init = connect)]
    pub(crate) async fn main(_: Request, _shared: &Shared) -> Result<Response<axum::body::Body>, Error> {
        Ok(Response::new("text".into()))
    }
}

mod router {
    use super::*;

    #[handler]
    pub(crate) async fn main() -> Router {
        Router::new()
    }
}

mod router_in_a_result {
    use super::*;
    type Fallible<T> = Result<T, std::num::ParseIntError>;

    #[handler(concurrent, telemetry = telemetry)]
    pub(crate) async fn main() -> Fallible<Router> {
        let state: u8 = "1".parse()?;
        Ok(Router::new().with_state(state))
    }
}

mod boxed {
    use super::*;

    #[handler(streaming, concurrent)]
    pub(crate) async fn main() -> Result<BoxCloneService<Request, Response<Body>, Error>, String> {
        Ok(BoxCloneService::new(lambda_http::service_fn(async |_: Request| Ok(Response::new(Body::Empty)))))
    }
}

mod opaque_service {
    use super::*;

    #[handler]
    pub(crate) async fn main()
    -> impl lambda_http::Service<Request, Response = String, Error = Error, Future: Send + 'static> {
        lambda_http::service_fn(async |request: Request| Ok::<_, Error>(request.uri().to_string()))
    }
}

fn main() {
    let _programs: [fn() -> ExitCode; 9] = [
        opaque::main,
        renamed::main,
        alias::main,
        borrows::main,
        streams::main,
        router::main,
        router_in_a_result::main,
        boxed::main,
        opaque_service::main,
    ];
}
