//! Types of reqwest itself, and the traits of our own types.

use std::any::TypeId;
use std::marker::PhantomData;

use reqwest::ResponseBuilderExt as _;

/// A crate of the workspace that depends on the genuine reqwest understands all but clients and requests to be sent.
#[test]
fn types_are_those_of_the_genuine_reqwest() {
    fn is<One: 'static, Other: 'static>() -> bool {
        TypeId::of::<One>() == TypeId::of::<Other>()
    }
    assert!(is::<reqwest::Error, genuine::Error>());
    assert!(is::<reqwest::Request, genuine::Request>() && is::<reqwest::Response, genuine::Response>());
    assert!(is::<reqwest::Body, genuine::Body>() && is::<reqwest::Url, genuine::Url>());
    assert!(is::<reqwest::Method, genuine::Method>() && is::<reqwest::StatusCode, genuine::StatusCode>());
    assert!(is::<reqwest::header::HeaderMap, genuine::header::HeaderMap>());
    assert!(is::<reqwest::Proxy, genuine::Proxy>() && is::<reqwest::NoProxy, genuine::NoProxy>());
    assert!(is::<reqwest::Certificate, genuine::Certificate>() && is::<reqwest::Identity, genuine::Identity>());
    assert!(is::<reqwest::Upgraded, genuine::Upgraded>() && is::<reqwest::Version, genuine::Version>());
    assert!(
        is::<reqwest::multipart::Form, genuine::multipart::Form>()
            && is::<reqwest::cookie::Jar, genuine::cookie::Jar>()
    );
    assert!(
        is::<reqwest::tls::TlsInfo, genuine::tls::TlsInfo>()
            && is::<reqwest::retry::Builder, genuine::retry::Builder>()
    );
    assert!(is::<reqwest::blocking::Response, genuine::blocking::Response>());
    assert!(!is::<reqwest::Client, genuine::Client>() && !is::<reqwest::RequestBuilder, genuine::RequestBuilder>());
}

#[test]
fn clients_convert_in_both_directions() {
    let ours: reqwest::Client = genuine::Client::new().into();
    let theirs: genuine::Client = ours.into();
    let request = reqwest::RequestBuilder::from(theirs.get("http://orders.internal/"));
    assert_eq!(request.build().unwrap().url().path(), "/");
    let ours: reqwest::blocking::Client = genuine::blocking::Client::new().into();
    let _: genuine::blocking::Client = ours.into();
}

#[test]
fn a_response_is_made_of_http() {
    let url = reqwest::Url::parse("http://orders.internal/a").unwrap();
    let response = http::Response::builder().status(201).url(url.clone()).body("made").unwrap();
    let response = reqwest::Response::from(response);
    assert_eq!((response.status(), response.url()), (reqwest::StatusCode::CREATED, &url));
}

#[test]
fn anything_like_a_url_begins_a_request() {
    fn path<U: reqwest::IntoUrl>(url: U) -> String {
        reqwest::Client::new().get(url).build().unwrap().url().path().to_owned()
    }
    let url = "http://orders.internal/a";
    let owned = url.to_owned();
    let parsed = reqwest::Url::parse(url).unwrap();
    assert_eq!([path(url), path(&owned), path(parsed), path(owned)], ["/a"; 4]);
}

/// Returns `true` if a type has a trait. The inherent constant exists only with the trait, and comes first.
macro_rules! has {
    ($type:ty: $bound:path) => {{
        #[allow(dead_code)]
        struct Probe<T>(PhantomData<T>);
        #[allow(dead_code)]
        trait Lacks {
            const HAS: bool = false;
        }
        impl<T> Lacks for Probe<T> {}
        #[allow(dead_code)]
        impl<T: $bound> Probe<T> {
            const HAS: bool = true;
        }
        Probe::<$type>::HAS
    }};
}

macro_rules! has_each {
    ($type:ty) => {
        [
            ("Clone", has!($type: Clone)),
            ("Debug", has!($type: std::fmt::Debug)),
            ("Default", has!($type: Default)),
            ("Send", has!($type: Send)),
            ("Sync", has!($type: Sync)),
            ("Unpin", has!($type: Unpin)),
            ("UnwindSafe", has!($type: std::panic::UnwindSafe)),
            ("RefUnwindSafe", has!($type: std::panic::RefUnwindSafe)),
            ("Service", has!($type: tower::Service<genuine::Request>)),
            ("'static", has!($type: std::any::Any)),
        ]
    };
}

#[test]
fn our_types_have_the_traits_of_the_genuine_ones() {
    assert_eq!(has_each!(std::rc::Rc<u8>).iter().filter(|(_, has)| *has).count(), 7, "Rc is neither Send nor Sync");
    for (name, ours, theirs) in [
        ("Client", has_each!(reqwest::Client), has_each!(genuine::Client)),
        ("&Client", has_each!(&'static reqwest::Client), has_each!(&'static genuine::Client)),
        ("ClientBuilder", has_each!(reqwest::ClientBuilder), has_each!(genuine::ClientBuilder)),
        ("RequestBuilder", has_each!(reqwest::RequestBuilder), has_each!(genuine::RequestBuilder)),
        ("blocking::Client", has_each!(reqwest::blocking::Client), has_each!(genuine::blocking::Client)),
        (
            "blocking::ClientBuilder",
            has_each!(reqwest::blocking::ClientBuilder),
            has_each!(genuine::blocking::ClientBuilder),
        ),
        (
            "blocking::RequestBuilder",
            has_each!(reqwest::blocking::RequestBuilder),
            has_each!(genuine::blocking::RequestBuilder),
        ),
        ("redirect::Policy", has_each!(reqwest::redirect::Policy), has_each!(genuine::redirect::Policy)),
        ("redirect::Action", has_each!(reqwest::redirect::Action), has_each!(genuine::redirect::Action)),
        (
            "redirect::Attempt",
            has_each!(reqwest::redirect::Attempt<'static>),
            has_each!(genuine::redirect::Attempt<'static>),
        ),
    ] {
        let missing: Vec<_> = ours.iter().zip(theirs).filter(|(ours, theirs)| theirs.1 && !ours.1).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}
