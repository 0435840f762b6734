"""What tests share: warehouses, comparing, results of campaigns."""
