//! A request of either kind of client.

use std::time::Duration;

use http::{HeaderMap, Method, Version};
use reqwest::Url;

/// What the requests of both kinds of client have.
pub(crate) trait Outgoing: Sized {
    fn new(method: Method, url: Url) -> Self;
    fn try_clone(&self) -> Option<Self>;
    fn method(&self) -> &Method;
    fn method_mut(&mut self) -> &mut Method;
    fn url(&self) -> &Url;
    fn url_mut(&mut self) -> &mut Url;
    fn headers(&self) -> &HeaderMap;
    fn headers_mut(&mut self) -> &mut HeaderMap;
    fn version(&self) -> Version;
    fn version_mut(&mut self) -> &mut Version;
    fn timeout(&self) -> Option<&Duration>;
    fn timeout_mut(&mut self) -> &mut Option<Duration>;
    fn drop_body(&mut self);
}

/// Says by the methods of a request itself what it has.
macro_rules! outgoing {
    ($request:ty: $(fn $name:ident(&self) -> $got:ty, $name_mut:ident -> $mutable:ty;)*) => {
        impl Outgoing for $request {
            fn new(method: Method, url: Url) -> Self {
                <$request>::new(method, url)
            }

            fn try_clone(&self) -> Option<Self> {
                <$request>::try_clone(self)
            }

            fn drop_body(&mut self) {
                *self.body_mut() = None;
            }

            $(
                fn $name(&self) -> $got {
                    <$request>::$name(self)
                }

                fn $name_mut(&mut self) -> &mut $mutable {
                    <$request>::$name_mut(self)
                }
            )*
        }
    };
    ($($(#[$meta:meta])* $request:ty),*) => {$(
        $(#[$meta])*
        outgoing! { $request:
            fn method(&self) -> &Method, method_mut -> Method;
            fn url(&self) -> &Url, url_mut -> Url;
            fn headers(&self) -> &HeaderMap, headers_mut -> HeaderMap;
            fn version(&self) -> Version, version_mut -> Version;
            fn timeout(&self) -> Option<&Duration>, timeout_mut -> Option<Duration>;
        }
    )*};
}
outgoing!(
    reqwest::Request,
    #[cfg(feature = "blocking")]
    reqwest::blocking::Request
);
