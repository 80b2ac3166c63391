namespace KdKernels.Core;

/// <summary>
/// The distance of a student's and a teacher's FSP matrices (Yim, Joo, Bae and Kim 2017, section 3.2), with D = G_s − G_t
/// per sample:
/// <code>
/// Paper: Σ_ij D_ij²      Mean: Σ_ij D_ij² / (C1·C2)      ColumnNorms: Σ_j √(Σ_i D_ij²)
/// </code>
/// <para>Numerator: the above, per sample. Divisor: 1 for None and Sum, B for <see cref="KdReduction.BatchMean"/>, which all
/// three code bases take; <see cref="KdReduction.Mean"/> is the form Mean with BatchMean. Power of T: 0. The teacher is a
/// constant.</para>
/// <para>Gradients of the student's layers: those of <see cref="FspGram"/> with U = 2D, 2D/(C1·C2), or D_ij over the norm of
/// its column, 0 in columns without a difference.</para>
/// <para>Student and teacher have the same channels; their sizes may differ, and each pools by itself. The difference is
/// taken from sums as in <see cref="FspGram"/> (on the CPU in double, on CUDA in float32): its error is that of the
/// matrices, not of their difference. On CUDA it is kept in the workspace, B·C1·C2 float32, where gradients follow.
/// Determinism and NaN as there.</para>
/// </summary>
public static class FspLoss
{
    /// <summary>Writes the loss: one value, or one per sample for <see cref="KdReduction.None"/>.</summary>
    /// <param name="student1">Features of C1 channels: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on
    /// CUDA.</param>
    /// <param name="student2">Features of the same samples and element type, C2 channels.</param>
    /// <param name="teacher1">The teacher's, with C1 channels.</param>
    /// <param name="teacher2">The teacher's, with C2 channels.</param>
    /// <param name="settings">Form, pooling, reduction and, on CUDA, precision.</param>
    /// <param name="loss">Result in the features' element type, Float32 for 16-bit features: shape [1, 1, 1], or
    /// [B, 1, 1] for None.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or device is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        MapView student1,
        MapView student2,
        MapView teacher1,
        MapView teacher2,
        in FspLossSettings settings,
        RowsView loss,
        CudaQueue? queue = null)
    {
        Check(student1, student2, teacher1, teacher2, settings);
        MapGuard.IsLoss(loss, student1, settings.Reduction);
        Run(student1, student2, teacher1, teacher2, settings, loss, null, null, null, queue);
    }

    /// <summary>
    /// Writes the loss and, from the same features, the gradients that are wanted, for an upstream gradient of 1 (of every
    /// sample's value, for <see cref="KdReduction.None"/>), the divisor of the reduction included.
    /// </summary>
    /// <inheritdoc cref="Forward" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="gradient1">Shape and element type of the student's first layer's rows, any strides.</param>
    /// <param name="gradient2">Of its second layer's.</param>
    public static void ForwardWithGradient(
        MapView student1,
        MapView student2,
        MapView teacher1,
        MapView teacher2,
        in FspLossSettings settings,
        RowsView loss,
        RowsView? gradient1,
        RowsView? gradient2,
        CudaQueue? queue = null)
    {
        Check(student1, student2, teacher1, teacher2, settings);
        MapGuard.IsLoss(loss, student1, settings.Reduction);
        CheckGradients(student1, student2, gradient1, gradient2);
        Run(student1, student2, teacher1, teacher2, settings, loss, null, gradient1, gradient2, queue);
    }

    /// <summary>Recomputes from the features and writes the gradients for a given upstream gradient.</summary>
    /// <inheritdoc cref="ForwardWithGradient" path="/param"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the loss, with its shape and element type; any strides.</param>
    public static void Backward(
        MapView student1,
        MapView student2,
        MapView teacher1,
        MapView teacher2,
        in FspLossSettings settings,
        RowsView upstream,
        RowsView? gradient1,
        RowsView? gradient2,
        CudaQueue? queue = null)
    {
        Check(student1, student2, teacher1, teacher2, settings);
        MapGuard.IsUpstream(upstream, student1, settings.Reduction);
        CheckGradients(student1, student2, gradient1, gradient2);
        Run(student1, student2, teacher1, teacher2, settings, null, upstream, gradient1, gradient2, queue);
    }

    private static void Check(
        MapView student1, MapView student2, MapView teacher1, MapView teacher2, in FspLossSettings settings)
    {
        FspGram.Check(student1, student2, settings.Pooling);
        FspGram.Check(teacher1, teacher2, settings.Pooling);
        MapGuard.Pairs(teacher1, student1);
        MapGuard.SameChannels(teacher1, student1);
        MapGuard.SameChannels(teacher2, student2);
        Guard.IsReduction(settings.Reduction, "reduction");
        if (settings.Form is not (FspForm.Paper or FspForm.Mean or FspForm.ColumnNorms))
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings), settings.Form, $"expected the form Paper, Mean or ColumnNorms but got {(int)settings.Form}");
        }

        if (settings.Reduction == KdReduction.Mean)
        {
            throw new ArgumentOutOfRangeException(
                nameof(settings),
                settings.Reduction,
                "expected None, Sum or BatchMean, since the form says what a sample's loss is, but got Mean");
        }
    }

    private static void CheckGradients(MapView student1, MapView student2, RowsView? gradient1, RowsView? gradient2)
    {
        if (gradient1 is { } first) Guard.IsGradient(first, student1.Rows, nameof(gradient1));
        if (gradient2 is { } second) Guard.IsGradient(second, student2.Rows, nameof(gradient2));
    }

    private static void Run(
        MapView student1,
        MapView student2,
        MapView teacher1,
        MapView teacher2,
        in FspLossSettings settings,
        RowsView? loss,
        RowsView? upstream,
        RowsView? gradient1,
        RowsView? gradient2,
        CudaQueue? queue)
    {
        var problem = new FspProblem
        {
            Student1 = student1,
            Student2 = student2,
            Teacher1 = teacher1,
            Teacher2 = teacher2,
            Settings = settings,
            Loss = loss,
            Upstream = upstream,
            Gradient1 = gradient1,
            Gradient2 = gradient2,
        };
        if (student1.Rows.Device.Type == KdDeviceType.Cuda)
            FspGramCuda.Loss(problem, queue);
        else
            FspCpu.Run(new Program(problem), student1.Rows.ElementType);
    }

    private readonly struct Program(FspProblem problem) : IFspProgram
    {
        public void Run<TVector, TElement>()
            where TVector : unmanaged, IVector<TVector, TElement>
            where TElement : unmanaged
        {
            double sum = new FspLossWork<TVector, TElement>(problem).Run();
            if (problem.Loss is { } loss && problem.Settings.Reduction != KdReduction.None)
                Memory.Write(loss, 0, 0, sum / problem.Divisor);
        }
    }
}
