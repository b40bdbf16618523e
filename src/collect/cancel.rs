//! [`CancelSignal`]: how a collect learns that it shall stop.

use tokio::sync::watch;

/// Stops the collects that hold the other half.
#[derive(Debug)]
pub struct Canceller(watch::Sender<bool>);

/// Waits for the other half. A canceller that is dropped unused never cancels.
#[derive(Debug, Clone)]
pub struct CancelSignal(watch::Receiver<bool>);

/// Two halves of a cancellation.
pub fn cancellation() -> (Canceller, CancelSignal) {
    let (sender, receiver) = watch::channel(false);
    (Canceller(sender), CancelSignal(receiver))
}

impl Canceller {
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

impl CancelSignal {
    /// Returns once cancelled; else never.
    pub async fn cancelled(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
