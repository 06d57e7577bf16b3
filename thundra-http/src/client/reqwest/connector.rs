//! Layers around the connector. The types of reqwest have no public names. Layers therefore see the types of this
//! module, with reqwest's inside.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower::BoxError;
use tower::util::BoxCloneSyncService;
use tower_layer::Layer;
use tower_service::Service;

/// The service inside a layer of [`ClientBuilder::connector_layer`](crate::ClientBuilder::connector_layer). The service
/// opens connections.
pub type Connector = BoxCloneSyncService<ConnectionRequest, Connection, BoxError>;

/// A request for a connection.
#[derive(Debug)]
pub struct ConnectionRequest(Box<dyn Any + Send>);

/// A connection.
#[derive(Debug)]
pub struct Connection(Box<dyn Any + Send>);

/// Adapts a layer for our [`Connector`] to the connector of reqwest.
#[derive(Clone, Debug)]
pub(super) struct ErasedLayer<L>(pub(super) L);

impl<L, T, C> Layer<BoxCloneSyncService<T, C, BoxError>> for ErasedLayer<L>
where
    L: Layer<Connector>,
    T: Send + 'static,
    C: Send + 'static,
{
    type Service = LayeredConnector<L::Service, C>;

    fn layer(&self, inner: BoxCloneSyncService<T, C, BoxError>) -> Self::Service {
        LayeredConnector(self.0.layer(Connector::new(InnerConnector(inner))), PhantomData)
    }
}

type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, BoxError>> + Send>>;

/// The connector of reqwest, below the layer.
struct InnerConnector<T, C>(BoxCloneSyncService<T, C, BoxError>);

impl<T, C> Clone for InnerConnector<T, C> {
    fn clone(&self) -> Self {
        InnerConnector(self.0.clone())
    }
}

impl<T: Send + 'static, C: Send + 'static> Service<ConnectionRequest> for InnerConnector<T, C> {
    type Response = Connection;
    type Error = BoxError;
    type Future = Connecting<Connection>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: ConnectionRequest) -> Self::Future {
        let connecting = request.0.downcast().map(|request| self.0.call(*request));
        Box::pin(async move {
            let connection =
                connecting.map_err(|_| "the connector layer requested a connection of another client")?.await?;
            Ok(Connection(Box::new(connection)))
        })
    }
}

/// The service of the layer, for reqwest.
#[derive(Debug)]
pub(super) struct LayeredConnector<S, C>(S, PhantomData<fn() -> C>);

impl<S: Clone, C> Clone for LayeredConnector<S, C> {
    fn clone(&self) -> Self {
        LayeredConnector(self.0.clone(), PhantomData)
    }
}

impl<S, T, C> Service<T> for LayeredConnector<S, C>
where
    S: Service<ConnectionRequest, Response = Connection, Error = BoxError>,
    S::Future: Send + 'static,
    T: Send + 'static,
    C: 'static,
{
    type Response = C;
    type Error = BoxError;
    type Future = Connecting<C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: T) -> Self::Future {
        let connecting = self.0.call(ConnectionRequest(Box::new(request)));
        Box::pin(async move {
            let connection = connecting.await?.0.downcast();
            Ok(*connection.map_err(|_| "the connector layer returned a connection of another client")?)
        })
    }
}
