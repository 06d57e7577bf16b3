//! Methods passed on to reqwest.
//!
//! Each method has the same feature as in reqwest. The test `drop_in` compares both sources.

/// Declares builder methods. Each passes the arguments on to the builder inside. Generics and bounds are in brackets.
macro_rules! forward {
    ($theirs:literal: $(
        $(#[$meta:meta])*
        fn $name:ident $([$($generics:tt)*])? ($($arg:ident: $ty:ty),*) $(where [$($bounds:tt)*])?;
    )*) => {$(
        #[doc = concat!("Calls [`", $theirs, "::", stringify!($name), "`].")]
        $(#[$meta])*
        pub fn $name $(<$($generics)*>)? (mut self, $($arg: $ty),*) -> Self
        $(where $($bounds)*)?
        {
            self.inner = self.inner.$name($($arg),*);
            self
        }
    )*};
}

/// Declares the settings of both clients.
macro_rules! settings {
    ($theirs:literal) => {
        forward! { $theirs:
            fn user_agent[V](value: V) where [V: TryInto<HeaderValue>, V::Error: Into<http::Error>];
            #[cfg(feature = "cookies")]
            fn cookie_store(enable: bool);
            #[cfg(feature = "cookies")]
            fn cookie_provider[C: reqwest::cookie::CookieStore + 'static](cookie_store: Arc<C>);
            #[cfg(feature = "gzip")]
            fn gzip(enable: bool);
            #[cfg(feature = "brotli")]
            fn brotli(enable: bool);
            #[cfg(feature = "zstd")]
            fn zstd(enable: bool);
            #[cfg(feature = "deflate")]
            fn deflate(enable: bool);
            fn no_gzip();
            fn no_brotli();
            fn no_zstd();
            fn no_deflate();
            fn retry(policy: reqwest::retry::Builder);
            fn proxy(proxy: reqwest::Proxy);
            fn no_proxy();
            fn connection_verbose(verbose: bool);
            fn pool_idle_timeout[D: Into<Option<Duration>>](value: D);
            fn pool_max_idle_per_host(max: usize);
            fn http1_title_case_headers();
            fn http1_allow_obsolete_multiline_headers_in_responses(value: bool);
            fn http1_ignore_invalid_headers_in_responses(value: bool);
            fn http1_allow_spaces_after_header_name_in_responses(value: bool);
            fn http1_max_headers(max: usize);
            fn http1_only();
            fn http09_responses();
            #[cfg(feature = "http2")]
            fn http2_prior_knowledge();
            #[cfg(feature = "http2")]
            fn http2_initial_stream_window_size(bytes: impl Into<Option<u32>>);
            #[cfg(feature = "http2")]
            fn http2_initial_connection_window_size(bytes: impl Into<Option<u32>>);
            #[cfg(feature = "http2")]
            fn http2_adaptive_window(enabled: bool);
            #[cfg(feature = "http2")]
            fn http2_max_frame_size(bytes: impl Into<Option<u32>>);
            #[cfg(feature = "http2")]
            fn http2_max_header_list_size(bytes: u32);
            #[cfg(feature = "http2")]
            fn http2_keep_alive_interval(interval: impl Into<Option<Duration>>);
            #[cfg(feature = "http2")]
            fn http2_keep_alive_timeout(timeout: Duration);
            #[cfg(feature = "http2")]
            fn http2_keep_alive_while_idle(enabled: bool);
            fn tcp_nodelay(enabled: bool);
            fn local_address[T: Into<Option<IpAddr>>](address: T);
            #[cfg(any(
                target_os = "android",
                target_os = "fuchsia",
                target_os = "illumos",
                target_os = "ios",
                target_os = "linux",
                target_os = "macos",
                target_os = "solaris",
                target_os = "tvos",
                target_os = "visionos",
                target_os = "watchos",
            ))]
            fn interface(interface: &str);
            fn tcp_keepalive[D: Into<Option<Duration>>](value: D);
            fn tcp_keepalive_interval[D: Into<Option<Duration>>](value: D);
            fn tcp_keepalive_retries[C: Into<Option<u32>>](retries: C);
            #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
            fn tcp_user_timeout[D: Into<Option<Duration>>](value: D);
            #[cfg(feature = "__tls")]
            fn tls_certs_merge(certificates: impl IntoIterator<Item = reqwest::Certificate>);
            #[cfg(feature = "__tls")]
            fn tls_certs_only(certificates: impl IntoIterator<Item = reqwest::Certificate>);
            #[cfg(feature = "__tls")]
            fn add_root_certificate(certificate: reqwest::Certificate);
            #[cfg(feature = "__rustls")]
            fn tls_crls_only(lists: impl IntoIterator<Item = reqwest::tls::CertificateRevocationList>);
            #[cfg(feature = "__rustls")]
            fn add_crl(list: reqwest::tls::CertificateRevocationList);
            #[cfg(feature = "__rustls")]
            fn add_crls(lists: impl IntoIterator<Item = reqwest::tls::CertificateRevocationList>);
            #[cfg(any(feature = "__native-tls", feature = "__rustls"))]
            fn identity(identity: reqwest::Identity);
            #[cfg(feature = "__tls")]
            fn tls_danger_accept_invalid_hostnames(accept: bool);
            #[cfg(feature = "__tls")]
            fn danger_accept_invalid_hostnames(accept: bool);
            #[cfg(feature = "__tls")]
            fn tls_danger_accept_invalid_certs(accept: bool);
            #[cfg(feature = "__tls")]
            fn danger_accept_invalid_certs(accept: bool);
            #[cfg(feature = "__tls")]
            fn tls_sni(enable: bool);
            #[cfg(feature = "__rustls")]
            fn tls_sslkeylogfile(enable: bool);
            #[cfg(feature = "__tls")]
            fn tls_version_min(version: reqwest::tls::Version);
            #[cfg(feature = "__tls")]
            fn min_tls_version(version: reqwest::tls::Version);
            #[cfg(feature = "__tls")]
            fn tls_version_max(version: reqwest::tls::Version);
            #[cfg(feature = "__tls")]
            fn max_tls_version(version: reqwest::tls::Version);
            #[cfg(feature = "__native-tls")]
            fn tls_backend_native();
            #[cfg(feature = "__native-tls")]
            fn use_native_tls();
            #[cfg(feature = "__rustls")]
            fn tls_backend_rustls();
            #[cfg(feature = "__rustls")]
            fn use_rustls_tls();
            #[cfg(any(feature = "__native-tls", feature = "__rustls"))]
            fn tls_backend_preconfigured(tls: impl std::any::Any);
            #[cfg(any(feature = "__native-tls", feature = "__rustls"))]
            fn use_preconfigured_tls(tls: impl std::any::Any);
            #[cfg(feature = "__tls")]
            fn tls_info(enable: bool);
            #[cfg(feature = "hickory-dns")]
            fn hickory_dns(enable: bool);
            fn no_hickory_dns();
            fn resolve(domain: &str, address: SocketAddr);
            fn resolve_to_addrs(domain: &str, addresses: &[SocketAddr]);
        }

        #[doc = concat!("Calls [`", $theirs, "::default_headers`]. Default headers win over ours, as the headers of a request do.")]
        pub fn default_headers(mut self, headers: HeaderMap) -> Self {
            self.inner = self.inner.default_headers(self.settings.take_defaults(headers));
            self
        }

        #[doc = concat!("Sets the redirect policy, as [`", $theirs, "::redirect`].")]
        pub fn redirect(mut self, policy: Policy) -> Self {
            self.policy = policy;
            self
        }

        #[doc = concat!("Calls [`", $theirs, "::referer`].")]
        pub fn referer(mut self, enable: bool) -> Self {
            self.settings.referer = enable;
            self.inner = self.inner.referer(enable);
            self
        }

        #[doc = concat!("Calls [`", $theirs, "::https_only`].")]
        pub fn https_only(mut self, enabled: bool) -> Self {
            self.settings.https_only = enabled;
            self.inner = self.inner.https_only(enabled);
            self
        }

        #[doc = concat!("Calls [`", $theirs, "::unix_socket`].")]
        #[cfg(unix)]
        pub fn unix_socket(mut self, path: impl AsRef<std::path::Path>) -> Self {
            self.inner = self.inner.unix_socket(path.as_ref());
            self
        }

        #[doc = concat!("Adds a layer around the connector, as [`", $theirs, "::connector_layer`]. Its types are in [`connect`](crate::connect).")]
        pub fn connector_layer<L>(mut self, layer: L) -> Self
        where
            L: tower_layer::Layer<Connector> + Clone + Send + Sync + 'static,
            L::Service: Service<ConnectionRequest, Response = Connection, Error = tower::BoxError> + Clone + Send + Sync + 'static,
            <L::Service as Service<ConnectionRequest>>::Future: Send + 'static,
        {
            self.inner = self.inner.connector_layer(ErasedLayer(layer));
            self
        }

        /// Changes the builder of reqwest, for settings without a method here, such as the settings of the feature
        /// `http3`. The redirect policy of this builder wins.
        ///
        /// The client does not know the changed settings, with two effects:
        ///
        /// - Our headers win over default headers set by the function.
        /// - reqwest follows all redirects with all headers, correlation ids included. Redirects are still counted. A
        ///   line on standard error names the final host once, if the host is foreign and received ids.
        pub fn configure(mut self, change: impl FnOnce(Inner) -> Inner) -> Self {
            self.settings.configured = true;
            self.inner = change(self.inner);
            self
        }
    };
}

/// Declares the methods of a client to begin a request.
macro_rules! verbs {
    () => {
        /// Begins a `GET` request.
        pub fn get<U: IntoUrl>(&self, url: U) -> RequestBuilder {
            self.begin(self.inner.get(url))
        }

        /// Begins a `POST` request.
        pub fn post<U: IntoUrl>(&self, url: U) -> RequestBuilder {
            self.begin(self.inner.post(url))
        }

        /// Begins a `PUT` request.
        pub fn put<U: IntoUrl>(&self, url: U) -> RequestBuilder {
            self.begin(self.inner.put(url))
        }

        /// Begins a `PATCH` request.
        pub fn patch<U: IntoUrl>(&self, url: U) -> RequestBuilder {
            self.begin(self.inner.patch(url))
        }

        /// Begins a `DELETE` request.
        pub fn delete<U: IntoUrl>(&self, url: U) -> RequestBuilder {
            self.begin(self.inner.delete(url))
        }

        /// Begins a `HEAD` request.
        pub fn head<U: IntoUrl>(&self, url: U) -> RequestBuilder {
            self.begin(self.inner.head(url))
        }

        /// Begins a request with any method.
        pub fn request<U: IntoUrl>(&self, method: Method, url: U) -> RequestBuilder {
            self.begin(self.inner.request(method, url))
        }
    };
}

/// Declares the methods to change a request.
macro_rules! parts {
    ($theirs:literal) => {
        forward! { $theirs:
            fn header[K, V](key: K, value: V) where [
                HeaderName: TryFrom<K>,
                <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
                HeaderValue: TryFrom<V>,
                <HeaderValue as TryFrom<V>>::Error: Into<http::Error>
            ];
            fn headers(headers: HeaderMap);
            fn basic_auth[U: std::fmt::Display, P: std::fmt::Display](username: U, password: Option<P>);
            fn bearer_auth[T: std::fmt::Display](token: T);
            fn body[T: Into<Body>](body: T);
            fn timeout(timeout: Duration);
            fn version(version: Version);
            #[cfg(feature = "multipart")]
            fn multipart(form: multipart::Form);
            #[cfg(feature = "query")]
            fn query[T: serde::Serialize + ?Sized](query: &T);
            #[cfg(feature = "form")]
            fn form[T: serde::Serialize + ?Sized](form: &T);
            #[cfg(feature = "json")]
            fn json[T: serde::Serialize + ?Sized](json: &T);
        }
    };
}

pub(super) use {forward, parts, settings, verbs};
