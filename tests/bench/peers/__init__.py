"""What Magic Flow is measured beside: installed by the bench, started like our server."""
