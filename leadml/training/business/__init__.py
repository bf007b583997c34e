"""What the leads are worth to the business: deals, months, sales velocity, return on lead cost."""
