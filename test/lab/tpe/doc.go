// SPDX-License-Identifier: Apache-2.0

// Package tpe puts a stand-in for ThingPark Enterprise into a lab: namespaces
// that hold the same objects, with real pods, in a condition of choice.
//
//	inventory.yaml ---+
//	                  +--> renderer --> objects ---+
//	scenarios/*.yaml -+--> PUM's state ------------+--> Load --> namespace
//	                  +--> Helm's secrets ---------+
//
// README.md says what of it is known of the real thing and what is assumed, and
// how to write a scenario.
package tpe
