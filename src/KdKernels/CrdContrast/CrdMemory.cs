using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// The state of a CRD training: one bank per network, both normalisers Z, and the number of updates, all in <c>state_dict</c>, so that
/// a resumed training continues as if it had not stopped. Z is float64 and apart from all else.
/// </summary>
public sealed class CrdMemory : nn.Module
{
    // The names in state_dict; TorchSharp finds buffers by these fields when it moves the module.
    private readonly Tensor student_bank;
    private readonly Tensor teacher_bank;
    private readonly Tensor normalizers;
    private readonly Tensor updates;

    /// <param name="rows">n: samples of the data set.</param>
    /// <param name="dimension">D: length of an embedding; 128 in the paper.</param>
    /// <param name="seed">Decides the rows that training starts from: uniform, of about unit length.</param>
    /// <param name="dtype">float32 or float64.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two rows, or no element in a row.</exception>
    /// <exception cref="NotSupportedException">Another dtype.</exception>
    public CrdMemory(long rows, long dimension, ulong seed, ScalarType dtype = ScalarType.Float32)
        : base(nameof(CrdMemory))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        if (dtype is not (ScalarType.Float32 or ScalarType.Float64))
            throw new NotSupportedException($"expected a bank of dtype float32 or float64 but got {dtype}");
        (Rows, Dimension) = (rows, dimension);
        student_bank = Start(rows, dimension, seed, side: 0, dtype);
        teacher_bank = Start(rows, dimension, seed, side: 1, dtype);
        normalizers = zeros(2, ScalarType.Float64);
        updates = zeros(1, ScalarType.Int64);
        RegisterComponents();
    }

    /// <summary>n.</summary>
    public long Rows { get; }

    /// <summary>D.</summary>
    public long Dimension { get; }

    /// <summary>The student's embeddings as last seen <c>[n, D]</c>: what teacher anchors are compared with.</summary>
    public Tensor StudentBank => Buffer(nameof(student_bank));

    /// <summary>The teacher's embeddings as last seen <c>[n, D]</c>: what student anchors are compared with.</summary>
    public Tensor TeacherBank => Buffer(nameof(teacher_bank));

    /// <summary>How often <see cref="Update"/> was called. On CUDA reading it waits for the device.</summary>
    public long Updates => Buffer(nameof(updates))[0].item<long>();

    /// <summary>The same where the kernels read it, int64 <c>[1]</c>.</summary>
    internal Tensor UpdatesAt => Buffer(nameof(updates));

    /// <summary>How often this object's banks changed, known without asking the device.</summary>
    internal long Version { get; private set; }

    /// <summary>
    /// Z of student anchors, against the teacher's bank; 0 until it is estimated. On CUDA reading it waits for the device.
    /// </summary>
    public double StudentNormalizer
    {
        get => Buffer(nameof(normalizers))[0].item<double>();
        set => SetNormalizer(0, value);
    }

    /// <summary>Z of teacher anchors, against the student's bank, likewise.</summary>
    public double TeacherNormalizer
    {
        get => Buffer(nameof(normalizers))[1].item<double>();
        set => SetNormalizer(1, value);
    }

    /// <summary>Z of student anchors (0) or teacher anchors (1) where it lies in memory: a float64 scalar, which
    /// <see cref="KdFunctional.CrdEstimateNormalizer"/> fills without waiting for a device.</summary>
    /// <param name="side">0 or 1.</param>
    public Tensor NormalizerAt(long side) => Buffer(nameof(normalizers))[side];

    /// <summary>Moves the rows of both banks, each as <see cref="KdFunctional.CrdUpdate"/>.</summary>
    /// <inheritdoc cref="KdFunctional.CrdUpdate" path="/exception"/>
    /// <param name="rows">int64 <c>[B]</c>.</param>
    /// <param name="student">The student's embeddings <c>[B, D]</c>.</param>
    /// <param name="teacher">The teacher's embeddings <c>[B, D]</c>.</param>
    /// <param name="momentum">m, in [0, 1].</param>
    public void Update(Tensor rows, Tensor student, Tensor teacher, double momentum)
    {
        using var noGrad = no_grad();
        KdFunctional.CrdUpdate(StudentBank, rows, student, momentum);
        KdFunctional.CrdUpdate(TeacherBank, rows, teacher, momentum);
        Buffer(nameof(updates)).add_(1);
        Version++;
    }

    // After load_state_dict or to() the registered tensor counts, not the one that the constructor made.
    private Tensor Buffer(string name) => get_buffer(name)!;

    private void SetNormalizer(long side, double value)
    {
        if (!(value > 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(nameof(value), value, $"expected a positive finite normaliser Z but got {value}");
        Buffer(nameof(normalizers))[side] = tensor(value, ScalarType.Float64, Buffer(nameof(normalizers)).device);
    }

    private static Tensor Start(long rows, long dimension, ulong seed, uint side, ScalarType dtype)
    {
        var bank = empty([rows, dimension], dtype);
        CrdBank.Start(TensorMemory.Rows(bank), seed, side);
        return bank;
    }
}
