"""The dashboard: pages over the published marts, in a browser or as one file."""
