using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// The totals that <see cref="HintonLoss"/> writes, in this order, as eight float64 values; the struct can be the
/// memory that it writes to. Sums are taken in double, in an order that only the shape determines.
/// </summary>
/// <param name="Loss">(1 − alpha) · CE + alpha · KL under the reduction (the sum, for
/// <see cref="KdReduction.None"/>).</param>
/// <param name="CrossEntropy">The cross-entropy under the same reduction, class weights included.</param>
/// <param name="Kl">The divergence under the same reduction, T² and class weights included.</param>
/// <param name="StudentEntropy">Mean over valid rows of the entropy of softmax(student / T), in nats.</param>
/// <param name="TeacherEntropy">Mean over valid rows of the entropy of softmax(teacher / T), in nats.</param>
/// <param name="Hits">Valid rows whose label is the student's first largest logit.</param>
/// <param name="Agreements">Valid rows where student and teacher have their first largest logit at the same
/// class.</param>
/// <param name="ValidRows">Rows whose label is not the ignored index.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct HintonTotals(
    double Loss,
    double CrossEntropy,
    double Kl,
    double StudentEntropy,
    double TeacherEntropy,
    double Hits,
    double Agreements,
    double ValidRows)
{
    /// <summary>How many float64 values they are.</summary>
    public const int Count = 8;
}
