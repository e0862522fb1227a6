"""LocalStack runs this in its own process before it accepts the first request."""

import trailwarden_emulation

trailwarden_emulation.install()
