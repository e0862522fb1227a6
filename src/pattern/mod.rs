//! The filter-pattern language of CloudWatch Logs: parse, match, prove. Uses nothing else of ours.
