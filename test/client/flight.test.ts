import { describe, expect, it } from "vitest";
import { Flight, type Passenger } from "../../src/client/flight.js";

function request(bytes = 1, crashes = 0): Passenger {
  return { data: new Uint8Array(bytes), id: null, crashes };
}

const LIMITS = { requests: 2, bytes: 10 };

describe("Flight", () => {
  it("holds what the worker allows, in requests and in bytes", () => {
    const flight = new Flight();
    flight.begin(request(6), 1);
    expect(flight.fits(request(4), LIMITS)).toBe(true);
    expect(flight.fits(request(5), LIMITS)).toBe(false);
    flight.begin(request(1), 2);
    expect(flight.fits(request(1), LIMITS)).toBe(false);
    flight.end(1);
    expect(flight.fits(request(9), LIMITS)).toBe(true);
  });

  it("takes a request that is too large for the worker when it goes alone: the worker says why", () => {
    expect(new Flight().fits(request(11), LIMITS)).toBe(true);
  });

  it("lets a request that was at a crashed worker go alone, and nothing beside it", () => {
    const flight = new Flight();
    flight.begin(request(), 1);
    expect(flight.fits(request(1, 1), LIMITS)).toBe(false);
    flight.end(1);
    flight.begin(request(1, 1), 2);
    expect(flight.fits(request(), LIMITS)).toBe(false);
  });

  it("gives a request its id for as long as it is there, and ends it once", () => {
    const flight = new Flight();
    const [one, two] = [request(), request()];
    flight.begin(one, 7);
    flight.begin(two, 8);
    expect([one.id, flight.find(7)]).toEqual([7, one]);
    expect(flight.end(7)).toBe(one);
    expect([one.id, flight.end(7), flight.find(7)]).toEqual([null, undefined, undefined]);
    expect(flight.takeAll()).toEqual([two]);
    expect([two.id, flight.size]).toEqual([null, 0]);
  });
});
