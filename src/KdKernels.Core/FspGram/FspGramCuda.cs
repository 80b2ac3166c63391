namespace KdKernels.Core;

/// <summary>FspGram and FspLoss on a GPU. Nothing waits.</summary>
internal static class FspGramCuda
{
    /// <summary>Writes the matrices.</summary>
    public static void Forward(in FspLayers layers, FspPooling pooling, bool allowTf32, RowsView gram, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(gram.Device, queue);
        layers.Check("features1", "features2");
        CudaGuard.IsRows(gram, nameof(gram));
        if (gram.Rows == 0) return;
        var scratch = new FspScratch();
        var matrices = new FspMatricesCuda(
            CudaSession.DeviceOf(target), scratch, layers, teacher: null, FspForm.Paper, allowTf32, wantsSlopes: false);
        using var session = CudaSession.Begin(target, scratch.Length);
        matrices.Launch(session, DeviceView.Of(gram), StridesOf(gram), pooling);
    }

    /// <summary>Writes the gradients of the layers.</summary>
    public static void Backward(
        in FspLayers layers,
        FspPooling pooling,
        bool allowTf32,
        RowsView upstream,
        RowsView? gradient1,
        RowsView? gradient2,
        CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(upstream.Device, queue);
        layers.Check("features1", "features2");
        CudaGuard.IsRows(upstream, nameof(upstream));
        if (upstream.Rows == 0 || (gradient1 is null && gradient2 is null)) return;
        var scratch = new FspScratch();
        var gradients = new FspGradientsCuda(
            CudaSession.DeviceOf(target), scratch, layers, allowTf32, gradient1, gradient2);
        using var session = CudaSession.Begin(target, scratch.Length);
        gradients.Launch(
            session, DeviceView.Of(upstream), StridesOf(upstream), slopes: default, upstream: null, scale: 1, pooling);
    }

    /// <summary>The loss, the gradients, or both.</summary>
    public static void Loss(FspProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Student1.Rows.Device, queue);
        var student = new FspLayers(problem.Student1, problem.Student2);
        var teacher = new FspLayers(problem.Teacher1, problem.Teacher2);
        student.Check("student1", "student2");
        teacher.Check("teacher1", "teacher2");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        FspLossSettings settings = problem.Settings;
        bool wantsGradient = problem.Gradient1 is not null || problem.Gradient2 is not null;
        if (problem.Student1.Batch == 0)
        {
            wantsGradient = false;
            if (problem.Loss is null || settings.Reduction == KdReduction.None) return;
        }

        CudaDevice device = CudaSession.DeviceOf(target);
        var scratch = new FspScratch();
        var matrices = new FspMatricesCuda(
            device, scratch, student, teacher, settings.Form, settings.AllowTf32, wantsGradient);
        (int rows, int columns) = ((int)problem.Student1.Channels, (int)problem.Student2.Channels);
        var strides = new RowStrides((long)rows * columns, columns, 1);
        var difference = scratch.Take(wantsGradient ? problem.Student1.Batch * strides.Outer : 0, sizeof(float));
        FspGradientsCuda? gradients = wantsGradient
            ? new(device, scratch, student, settings.AllowTf32, problem.Gradient1, problem.Gradient2)
            : null;
        using var session = CudaSession.Begin(target, scratch.Length);
        DeviceView weights = FspScratch.View(session.Workspace, difference);
        matrices.Launch(session, weights, strides, settings.Pooling, problem.Loss, settings.Reduction);
        double slope = settings.Form switch
        {
            FspForm.Paper => 2,
            FspForm.Mean => 2.0 / strides.Outer,
            _ => 1,
        };
        gradients?.Launch(
            session,
            weights,
            strides,
            matrices.Slopes(session.Workspace),
            problem.Upstream,
            slope / problem.Divisor,
            settings.Pooling);
    }

    private static RowStrides StridesOf(RowsView view) => new(view.OuterStride, view.InnerStride, view.ElementStride);
}
