//! Delivers to WeCom.

use async_trait::async_trait;
use conftrail_core::alerting::{Notification, Pace};
use conftrail_core::ports::{DeliveryError, Receipt, Receiver as Port};
use conftrail_engine::message::Presentation;

use super::app::App;
use super::robot::Robot;
use crate::http::permanent;
use crate::webhook::named;

/// Tells people at WeCom. Every entry is an integration, `wecom/<agent>` or `wecom-robot/<name>`.
pub struct Receiver {
    pub(super) name: String,
    pub(super) presentation: Presentation,
    pub(super) apps: Vec<App>,
    pub(super) robots: Vec<Robot>,
}

impl Receiver {
    fn app(&self, integration: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.integration == integration)
    }

    fn robot(&self, integration: &str) -> Option<&Robot> {
        self.robots.iter().find(|robot| robot.integration == integration)
    }
}

#[async_trait]
impl Port for Receiver {
    fn name(&self) -> &str {
        &self.name
    }

    fn integrations(&self) -> Vec<String> {
        let apps = self.apps.iter().map(|app| &app.integration);
        apps.chain(self.robots.iter().map(|robot| &robot.integration)).cloned().collect()
    }

    fn pace(&self, integration: &str) -> Option<Pace> {
        let app = self.app(integration).map(|app| app.pace);
        app.or_else(|| self.robot(integration).map(|robot| robot.pace))
    }

    async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let integration = notification.integration.as_str();
        match (self.app(integration), self.robot(integration)) {
            (Some(app), _) => app.deliver(notification, &self.presentation).await,
            (None, Some(robot)) => robot.deliver(notification, &self.presentation).await,
            (None, None) => Err(permanent("the WeCom integration is not configured any more")),
        }
    }

    async fn probe(&self) -> Result<(), DeliveryError> {
        for app in &self.apps {
            app.probe().await.map_err(|error| named(&app.integration, error))?;
        }
        for robot in &self.robots {
            robot.probe().await.map_err(|error| named(&robot.integration, error))?;
        }
        Ok(())
    }
}
