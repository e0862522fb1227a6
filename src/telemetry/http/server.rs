use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::HttpState;
use super::routes::router;

/// How much of the process a client may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time. When one more asks, those present have to finish and make room, so that a crowd of idle
    /// clients cannot keep the scraper or a probe out.
    pub connections: usize,
    /// For the head of a request to arrive, from the moment the connection stands or the last answer was sent: it cuts
    /// slow and idle clients.
    pub head: Duration,
    /// Of a connection in all; it bounds clients that read slowly.
    pub lifetime: Duration,
    /// For a first request to come in, and again for its answer to be sent, once a connection has to make room.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            lifetime: Duration::from_mins(1),
            grace: Duration::from_secs(1),
        }
    }
}

/// The longest head of a request; more is answered with 431. The smallest buffer that hyper accepts.
const MAX_HEAD: usize = 8192;

/// Pauses after a failed accept, so that a process without descriptors does not spin.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Serves until the token is cancelled, then until the answers under way are sent or [`Limits::grace`] is over.
pub async fn serve(
    listener: TcpListener,
    state: HttpState,
    limits: Limits,
    stop: CancellationToken,
) {
    let server = Server {
        service: TowerToHyperService::new(router(state.clone())),
        limits,
        connections: TaskTracker::new(),
        stop: stop.clone(),
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        // Cancel-safe: a connection is a task of its own as soon as it is accepted.
        never = server.accept_all(&listener, &state) => match never {},
    }
    drop(listener);
    server.connections.close();
    server.connections.wait().await;
}

struct Server {
    service: TowerToHyperService<axum::Router>,
    limits: Limits,
    connections: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    async fn accept_all(&self, listener: &TcpListener, state: &HttpState) -> Infallible {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut make_room = CancellationToken::new();
        let mut pause = FIRST_PAUSE;
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    state.events.accept_failed(&error);
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
            };
            pause = FIRST_PAUSE;
            let place = match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => place,
                Err(_full) => {
                    make_room.cancel();
                    make_room = CancellationToken::new();
                    match Arc::clone(&places).acquire_owned().await {
                        Ok(place) => place,
                        // The semaphore is never closed; without a place the client is sent away.
                        Err(_closed) => continue,
                    }
                }
            };
            self.connections
                .spawn(self.converse(stream, place, make_room.clone()));
        }
    }

    /// Answers the requests of one connection until it ends, its place is needed, its time is over, or the server stops.
    fn converse(
        &self,
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        make_room: CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let limits = self.limits;
        let stop = self.stop.clone();
        let settled = Instant::now() + limits.grace;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), self.service.clone());
        // Who has just come is not idle: its request may be on the way.
        let room_needed = async move {
            make_room.cancelled().await;
            sleep_until(settled).await;
        };
        async move {
            let _place = place;
            let mut connection = pin!(connection);
            // What a client does wrong ends its connection and is nobody else's business: the errors are dropped.
            tokio::select! {
                _ended = connection.as_mut() => return,
                () = stop.cancelled() => {}
                () = room_needed => {}
                () = sleep(limits.lifetime) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ended = timeout(limits.grace, connection).await;
        }
    }
}
