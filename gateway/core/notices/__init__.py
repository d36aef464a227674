"""Mail that the gateway writes itself: bounces and notices."""
