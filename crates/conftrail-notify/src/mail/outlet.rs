//! Where messages leave: a mail server with a few open connections, or a directory.

use std::sync::{Mutex, PoisonError};

use conftrail_core::ports::{DeliveryError, Receipt};
use tokio::sync::Semaphore;

use super::Config;
use super::mailbox::Mailbox;
use super::message::Mail;
use super::receiver::OpenError;
use super::session::{Server, Session};

/// Connections kept open between messages; more may be open while messages are being sent.
const KEPT_OPEN: usize = 2;
/// Messages being sent through one server at the same time, to however many recipients.
const AT_ONCE: usize = 8;

/// One way out.
pub(crate) enum Outlet {
    /// A mail server.
    Smtp {
        /// Where it is.
        server: Box<Server>,
        /// Connections that wait for the next message.
        idle: Mutex<Vec<Session>>,
        /// Bounds how many are sent at once.
        turns: Semaphore,
    },
    /// A directory.
    Directory(Mailbox),
}

impl Outlet {
    /// Makes the outlet that the configuration names; connects to nothing.
    pub(crate) fn new(config: &Config) -> Result<Self, OpenError> {
        match &config.file {
            Some(directory) => Ok(Self::Directory(Mailbox::new(directory))),
            None => Ok(Self::Smtp {
                server: Box::new(Server::new(config)?),
                idle: Mutex::default(),
                turns: Semaphore::new(AT_ONCE),
            }),
        }
    }

    /// Sends one message to its one recipient.
    pub(crate) async fn send(&self, mail: &Mail) -> Result<Receipt, DeliveryError> {
        let (server, idle, turns) = match self {
            Self::Smtp { server, idle, turns } => (server, idle, turns),
            Self::Directory(mailbox) => return mailbox.keep(mail).await,
        };
        // Never closed, so there is always a turn to come.
        let _turn = turns.acquire().await;
        let mut session = match usable(idle).await {
            Some(session) => session,
            None => server.open().await?,
        };
        let receipt = session.send(&mail.envelope, &mail.bytes).await?;
        let mut waiting = idle.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < KEPT_OPEN {
            waiting.push(session);
        }
        Ok(receipt)
    }

    /// Goes through everything before a message.
    pub(crate) async fn probe(&self) -> Result<(), DeliveryError> {
        match self {
            Self::Smtp { server, .. } => {
                let mut session = server.open().await?;
                session.noop().await?;
                session.quit().await;
                Ok(())
            }
            Self::Directory(mailbox) => mailbox.probe().await,
        }
    }
}

/// Takes an idle connection that still answers; dead ones are dropped.
async fn usable(idle: &Mutex<Vec<Session>>) -> Option<Session> {
    loop {
        let mut session = idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        if session.is_alive().await {
            return Some(session);
        }
    }
}
