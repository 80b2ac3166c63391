using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// The one parameter of every kernel of a loss on student and teacher logits; the launcher has its mirror image. A view of
/// length 0 is not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct KlArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Student;
    public ArrayView<T> Teacher;
    public ArrayView<T> StudentGradient;
    public ArrayView<T> TeacherGradient;

    /// <summary>One per row.</summary>
    public ArrayView<long> Labels;

    /// <summary>One per class.</summary>
    public ArrayView<float> ClassWeights;

    /// <summary>Gradient of the result: one value, or one per row; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per row.</summary>
    public ArrayView<float> Loss;

    /// <summary>Six columns per row: cross-entropy, divergence, the student's and the teacher's entropy, hit, agreement.</summary>
    public ArrayView<float> Metrics;

    /// <summary>Eight: loss, cross-entropy, divergence, both entropies, hits, agreements, valid rows.</summary>
    public ArrayView<double> Totals;

    /// <summary>Workspace: the sums of each tile of rows.</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: blocks that are done, and the number of valid rows if counted beforehand.</summary>
    public ArrayView<int> Counters;

    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides StudentGradientStrides;
    public RowStrides TeacherGradientStrides;
    public long Rows;

    /// <summary>Row r is (r / Inner, r % Inner).</summary>
    public long Inner;

    public long IgnoreIndex;
    public int Classes;

    /// <summary>0 none, 1 sum, 2 mean, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>1: T = ∞.</summary>
    public int Limit;

    /// <summary>1: the number of valid rows is in Counters[1].</summary>
    public int Counted;

    /// <summary>log2(e) / T.</summary>
    public float Scale;

    /// <summary>The op's own: q's share of the mixture of Jsd, the label's weight of DecoupledKd.</summary>
    public float FirstWeight;

    /// <summary>What a row's divergence is multiplied by.</summary>
    public float LossFactor;

    /// <summary>What q − p is multiplied by.</summary>
    public float GradientFactor;

    public float KlWeight;
    public float CrossEntropyWeight;

    /// <summary>0, which the assembler must not know.</summary>
    public int Zero;

    /// <summary>The op's own: the other classes' weight of DecoupledKd.</summary>
    public float SecondWeight;
}
