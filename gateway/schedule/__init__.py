"""When the EHR is asked by itself: polling runs, their durable watermarks, and what ticks them."""
