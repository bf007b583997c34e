"""Grades A to D: bounds in probability, set once and kept, and how leads moved across them."""

from leadml.training.grades.bounds import Bounds, grade_bounds, grade_table, times_base_rate
from leadml.training.grades.scale import GradePolicy, GradeScale, settle_grades

__all__ = ["Bounds", "GradePolicy", "GradeScale", "grade_bounds", "grade_table", "settle_grades", "times_base_rate"]
