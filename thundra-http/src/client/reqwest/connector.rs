//! Layers around the making of connections. reqwest's own types for it have no names, so a layer is given ours, and
//! theirs travel inside.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower::BoxError;
use tower::util::BoxCloneSyncService;
use tower_layer::Layer;
use tower_service::Service;

/// What makes connections, as a layer sees it.
pub(super) type Connector = BoxCloneSyncService<Asked, Connection, BoxError>;

/// What a connection is asked for.
#[derive(Debug)]
pub struct Asked(Box<dyn Any + Send>);

/// A connection.
#[derive(Debug)]
pub struct Connection(Box<dyn Any + Send>);

/// A layer for our [`Connector`] as one for reqwest's.
#[derive(Clone, Debug)]
pub(super) struct Unnamed<L>(pub(super) L);

impl<L, T, C> Layer<BoxCloneSyncService<T, C, BoxError>> for Unnamed<L>
where
    L: Layer<Connector>,
    T: Send + 'static,
    C: Send + 'static,
{
    type Service = Outside<L::Service, C>;

    fn layer(&self, inner: BoxCloneSyncService<T, C, BoxError>) -> Self::Service {
        Outside(self.0.layer(Connector::new(Inside(inner))), PhantomData)
    }
}

type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, BoxError>> + Send>>;

/// reqwest's connector, below the layer.
struct Inside<T, C>(BoxCloneSyncService<T, C, BoxError>);

impl<T, C> Clone for Inside<T, C> {
    fn clone(&self) -> Self {
        Inside(self.0.clone())
    }
}

impl<T: Send + 'static, C: Send + 'static> Service<Asked> for Inside<T, C> {
    type Response = Connection;
    type Error = BoxError;
    type Future = Connecting<Connection>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, asked: Asked) -> Self::Future {
        let connecting = asked.0.downcast().map(|asked| self.0.call(*asked));
        Box::pin(async move {
            let connection = connecting.map_err(|_| "the layer asks for a connection of another client")?.await?;
            Ok(Connection(Box::new(connection)))
        })
    }
}

/// The layer's service, for reqwest.
#[derive(Debug)]
pub(super) struct Outside<S, C>(S, PhantomData<fn() -> C>);

impl<S: Clone, C> Clone for Outside<S, C> {
    fn clone(&self) -> Self {
        Outside(self.0.clone(), PhantomData)
    }
}

impl<S, T, C> Service<T> for Outside<S, C>
where
    S: Service<Asked, Response = Connection, Error = BoxError>,
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

    fn call(&mut self, asked: T) -> Self::Future {
        let connecting = self.0.call(Asked(Box::new(asked)));
        Box::pin(async move {
            let connection = connecting.await?.0.downcast();
            Ok(*connection.map_err(|_| "the layer answers with a connection of another client")?)
        })
    }
}
