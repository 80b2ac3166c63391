namespace KdKernels.Core.Tests;

/// <summary>What the losses on student and teacher logits hand to the kernels that are compiled, and which one gets it.</summary>
public class PairLaunchTests
{
    private readonly FakeDriver driver = new();

    private static RowsView Student => CudaView.Rows(0, 6, 100);

    private static RowsView Teacher => CudaView.Rows(1, 6, 100);

    private static RowsView Loss => CudaView.Scalar(3);

    private CudaQueue Queue => new FakeQueue(driver, PtxLibrary.Embedded);

    [Fact]
    public void Jsd_gets_the_students_share()
    {
        var settings = new JsdSettings(2, 0.25, KdReduction.BatchMean);
        Jsd.ForwardWithGradient(Student, Teacher, settings, Loss, CudaView.Rows(2, 6, 100), queue: Queue);
        KlArguments arguments = Launched("Jsd_float32_warp_1024");
        Assert.Equal((0.75f, 0f), (arguments.FirstWeight, arguments.SecondWeight));
        Assert.Equal((4f, 2f), (arguments.LossFactor, arguments.GradientFactor));
        Assert.Equal(Address(Student), arguments.Student);
        Assert.Equal((600, 0), (arguments.StudentGradient.Length, arguments.TeacherGradient.Length));
    }

    [Fact]
    public void Jsd_in_the_limit_has_the_factor_of_its_mixture()
    {
        var settings = new JsdSettings(double.PositiveInfinity, 0.25, KdReduction.Sum);
        Jsd.Forward(Student, Teacher, settings, Loss, Queue);
        KlArguments arguments = Launched("Jsd_float32_general");
        Assert.Equal((1, 0.1875f, 0.1875f), (arguments.Limit, arguments.LossFactor, arguments.GradientFactor));
    }

    [Theory]
    [InlineData(0, false, "Jsd_float32_general", 0)]
    [InlineData(1, false, "Jsd_float32_general", 0)]
    [InlineData(0, true, "TemperedKl_float32_warp_128", 0)]
    [InlineData(1, true, "ReverseKl_float32_warp_1024", 1)]
    public void Jsd_at_its_ends_is_0_or_a_divergence(double beta, bool klAtEnds, string entry, int place)
    {
        var settings = new JsdSettings(2, beta, KdReduction.Sum) { KlAtEnds = klAtEnds };
        Jsd.Forward(Student, Teacher, settings, Loss, Queue);
        Assert.Equal(Address(CudaView.Rows(place, 6, 100)), Launched(entry).Student);
    }

    [Fact]
    public void ReverseKl_changes_the_places_of_its_operands()
    {
        var settings = new TemperedKlSettings(2, KdReduction.Sum);
        ReverseKl.ForwardWithGradient(Student, Teacher, settings, Loss, CudaView.Rows(2, 6, 100), queue: Queue);
        KlArguments arguments = Launched("ReverseKl_float32_warp_1024");
        Assert.Equal(Address(Teacher), arguments.Student);
        Assert.Equal(Address(Student), arguments.Teacher);
        Assert.Equal(Address(CudaView.Rows(2, 6, 100)), arguments.TeacherGradient);
        Assert.Equal(default, arguments.StudentGradient);
    }

    [Fact]
    public void ReverseKl_names_the_callers_operands()
    {
        var e = Assert.Throws<ArgumentException>(() => ReverseKl.Forward(
            Student, Teacher with { Data = Teacher.Data + 1 }, new TemperedKlSettings(2, KdReduction.Sum), Loss, Queue));
        Assert.Equal("teacher", e.ParamName);
    }

    [Fact]
    public void The_teachers_gradient_is_the_general_kernels()
    {
        RowsView gradient = CudaView.Rows(2, 6, 100);
        ReverseKl.ForwardWithGradient(
            Student, Teacher, new TemperedKlSettings(2, KdReduction.Sum), Loss, null, gradient, Queue);
        Assert.Equal(Address(gradient), Launched("ReverseKl_float32_general").StudentGradient);
        TotalVariation.ForwardWithGradient(
            Student, Teacher, new TotalVariationSettings(2, KdReduction.Sum), Loss, null, gradient, Queue);
        Assert.Equal("TotalVariation_float32_general", driver.Launches.Last().Entry);
    }

    [Fact]
    public void TotalVariation_has_no_square_of_T()
    {
        TotalVariation.Forward(Student, Teacher, new TotalVariationSettings(4, KdReduction.Sum), Loss, Queue);
        KlArguments arguments = Launched("TotalVariation_float32_warp_1024");
        Assert.Equal((1f, 0.25f), (arguments.LossFactor, arguments.GradientFactor));
    }

    [Fact]
    public void DecoupledKd_gets_labels_and_both_weights()
    {
        RowsView labels = CudaView.PerRow(4, 6, KdElementType.Int64);
        DecoupledKd.Forward(Student, Teacher, labels, new DecoupledKdSettings(1, 8, 4, KdReduction.Sum), Loss, Queue);
        KlArguments arguments = Launched("DecoupledKd_float32_warp_1024");
        Assert.Equal((1f, 8f), (arguments.FirstWeight, arguments.SecondWeight));
        Assert.Equal((6, -100), (arguments.Labels.Length, arguments.IgnoreIndex));
    }

    [Fact]
    public void SoftCrossEntropy_with_class_weights_is_the_general_kernels()
    {
        var settings = new SoftCrossEntropySettings(2, KdReduction.Mean) { ClassWeights = CudaView.Vector(5, 100) };
        SoftCrossEntropy.Forward(Student, Teacher, settings, Loss, Queue);
        Assert.Equal(100, Launched("SoftCrossEntropy_float32_general").ClassWeights.Length);
    }

    [Fact]
    public void LogitRegression_divides_on_the_host_and_cuts_long_rows()
    {
        RowsView student = CudaView.Rows(0, 2, 32768), gradient = CudaView.Rows(2, 2, 32768);
        var settings = new LogitRegressionSettings(KdReduction.BatchMean);
        LogitRegression.ForwardWithGradient(student, CudaView.Rows(1, 2, 32768), settings, Loss, gradient, queue: Queue);
        KlArguments arguments = Launched("LogitRegression_float32_block");
        Assert.Equal((8, 8192, 1), (arguments.Rows, arguments.Classes, arguments.Reduction));
        Assert.Equal((0.25f, 0.5f), (arguments.LossFactor, arguments.GradientFactor));
        Assert.Equal(new RowStrides(8192, 0, 1), arguments.StudentStrides);
        Assert.Equal(8, arguments.Partials.Length);
    }

    [Fact]
    public void LogitRegression_of_no_rows_leaves_the_division_to_the_kernel()
    {
        RowsView none = CudaView.Rows(0, 0, 100);
        LogitRegression.Forward(none, none, new LogitRegressionSettings(KdReduction.Mean), Loss, Queue);
        Assert.Equal((0, (int)KdReduction.Mean), (Launched("LogitRegression_float32_warp_1024").Rows, driver.Launched.As<KlArguments>().Reduction));
    }

    private KlArguments Launched(string entry)
    {
        Assert.Equal(entry, driver.Launched.Entry);
        return driver.Launched.As<KlArguments>();
    }

    private static DeviceView Address(RowsView view) => new((ulong)view.Data, view.Rows * view.Length);
}
