mod round_trip;
mod rows;
