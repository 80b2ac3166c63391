namespace KdKernels.Reference.Tests;

public class ReverseKlOracleTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(4.0)]
    [InlineData(double.PositiveInfinity)]
    public void Gradients_match_central_differences(double temperature) => LogitPairCases.CheckGradients(
        (s, t, reduction, labels, upstream) => ReverseKlOracle.Compute(
            s, t, 5, temperature, reduction, labels: labels, upstream: upstream));

    [Fact]
    public void Gradients_match_with_class_weights_and_without_the_square_of_T() => LogitPairCases.CheckGradients(
        (s, t, reduction, labels, upstream) => ReverseKlOracle.Compute(
            s, t, 5, 3, reduction, false, [0.5, 2, 0, 1, 0.25], labels, upstream: upstream));

    // PyTorch 1.13, float64: 16 · kl_div(log_softmax(t/4), log_softmax(s/4), log_target), and autograd of the mean over
    // rows.
    [Fact]
    public void Matches_pytorch()
    {
        TemperedKlOracleResult r = ReverseKlOracle.Compute(
            LogitPairCases.Student, LogitPairCases.Teacher, 4, 4, OracleReduction.BatchMean);
        LogitPairCases.Close([1.4235589867186573, 5.514941738849517, 5.786514658395057], r.RowLosses);
        LogitPairCases.Close(
            [
                0.003797537738637072, -0.15552070539269183, 0.0768268764014702, 0.07489629125258461,
                -0.17452923066763817, -0.040850960554541016, 0.3166007789204157, -0.1012205876982362,
                -0.13022957416811026, 0.08258938499999166, 0.41570830709198753, -0.3680681179238686,
            ],
            r.StudentGradient);
        LogitPairCases.Close(
            [
                -0.03180551891956427, 0.22947161250846873, -0.08687053848319684, -0.1107955551057077,
                0.35838020691408035, 0.010731688766501695, -0.5110896533818612, 0.14197775770127904,
                0.1577670411273189, -0.1872863504155298, -0.32282072133535905, 0.3523400306235699,
            ],
            r.TeacherGradient);
    }

    [Fact]
    public void A_mode_that_the_student_leaves_out_costs_little_and_one_that_it_adds_much()
    {
        double Loss(double[] s, double[] t) => ReverseKlOracle.Compute(s, t, 3, 1, OracleReduction.Sum).Loss;
        double[] one = [8, 0, 0], two = [8, 8, 0];
        Assert.True(Loss(two, one) > 2 * Loss(one, two));
    }
}
